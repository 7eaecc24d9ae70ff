/**
 * A process that publishes or consumes until it is killed. What it did stands in its log before it goes on, and what was
 * written to a file survives a kill: `w id` written, `a id` accepted, `r id` refused, `b id at deliveries` begun, `d id`
 * done, `l id` lost to another process.
 */
import { openSync, writeSync } from "node:fs";
import { createBus, Event } from "signalbox";
import { postgres } from "signalbox/postgres";
import { sqlite } from "signalbox/sqlite";

interface Orders {
  /** Of the database: a file of SQLite, */
  readonly file?: string;
  /** or a server of PostgreSQL, with a schema if it is not the usual one. */
  readonly url?: string;
  readonly schema?: string;
  readonly log: string;
  readonly role: "publish" | "consume" | "hang" | "start";
  /** What it is called, and of a publisher: what its ids begin with. */
  readonly writer: string;
  readonly lease: number;
}

class Stored extends Event("crash.stored", { key: ({ key }: { key: string }) => key })<{
  id: string;
  key: string;
}> {}

/* Nobody publishes it: whoever consumes has a group of it that is called as it is, so that the store says who is who. */
class Present extends Event("crash.present") {}

const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const KEYS = 8;
const AT_ONCE = 16;

const orders = JSON.parse(process.argv[2]!) as Orders;
const log = openSync(orders.log, "a");
const say = (...words: readonly (string | number)[]): void => void writeSync(log, `${words.join(" ")}\n`);

const { file: path, url, schema, lease } = orders;
const transport =
  path === undefined
    ? postgres({ url, schema, lease, reconnectMax: 200 })
    : sqlite({ path, lease, dedupeWindow: "1m" });
const bus = createBus({ transport, events: [Stored, Present], logger: SILENT, onUnhandled: "ignore" });
if (orders.role === "consume" || orders.role === "hang") consume();
if (orders.role === "consume") bus.on(Present, { name: orders.writer, audience: "each" }, nothing);
bus.notices.on("delivery.lost", ({ eventId }) => say("l", eventId));
await bus.start();
process.send?.("started");
if (orders.role === "publish") await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => publish(at)));

function consume(): void {
  const options = { name: "reader", retry: 5, lane: { concurrency: 8 } } as const;
  bus.on(Stored, options, async ({ id }, { deliveries }) => {
    say("b", id, performance.timeOrigin + performance.now(), deliveries);
    if (orders.role === "hang") await new Promise(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    say("d", id);
  });
}

/* Each key has one writer, so that its numbers are in the order in which they were accepted. */
async function publish(at: number): Promise<void> {
  const key = `${orders.writer}.${at % KEYS}.${at < KEYS ? "a" : "b"}`;
  for (let number = 0; ; number++) {
    const id = `${key}-${number}`;
    say("w", id);
    while (!(await accepted(new Stored({ id, key }))));
    say("a", id);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
  }
}

/* What was refused may be stored nevertheless; with the same id it is there once. */
async function accepted(event: Stored): Promise<boolean> {
  try {
    await bus.publish(event, { id: event.id });
    return true;
  } catch {
    say("r", event.id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  }
}
