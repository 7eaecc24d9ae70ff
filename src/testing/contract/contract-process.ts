/** The part of a case that is played by a process of its own, and ends when that is killed. */
import { processRuntime } from "../../runtime/runtime.js";
import { idOf, wireOf } from "./hand.js";
import type { TransportFactory } from "./subject.js";
import type { Orders, Said } from "./victim.js";

/**
 * Does what the kit tells this process to, until it is killed: it consumes and settles nothing, or sends. To be called in the
 * file that the hook `fork` starts, with the same factory; without a channel to its parent it is a `TypeError`.
 */
export function contractProcess(create: TransportFactory): void {
  if (process.send === undefined)
    throw new TypeError(
      "This process has no channel to its parent. Start it by `fork` of node:child_process.",
    );
  const say = (said: Said): void => void process.send!(said);
  process.once("message", (orders) => void play(create, orders as Orders & { place: string }, say));
  process.once("disconnect", () => process.exit());
}

async function play(
  create: TransportFactory,
  { place, group, event, ids, body }: Orders & { place: string },
  say: (said: Said) => void,
): Promise<void> {
  const transport = await create({ id: place, runtime: processRuntime });
  await transport.open({
    deliver: (item) => say({ came: idOf(item) }),
    lost: () => undefined,
    changed: () => undefined,
  });
  const order = transport.features.order === "group" ? "group" : "none";
  const facts = { order, audience: "one", start: "now", inboxMs: 0 } as const;
  if (ids.length === 0) {
    await transport.declare({ name: group, events: [event], ...facts });
    transport.credit(group, CREDIT);
    return say("ready");
  }
  say("ready");
  await transport.send(ids.map((id) => wireOf(event, { id, ...(body !== undefined && { body }) }, true)));
  say("sent");
}

const CREDIT = 1_000;
