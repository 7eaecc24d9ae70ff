/** The program of test/dispatch/threads.test.ts: a bus with a lane on threads, and what came of each event, as JSON. */
import { createBus } from "signalbox";
import { Asked, Work } from "./handlers.js";

const worker = new URL("./handlers.js", import.meta.url);
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const bus = createBus({ subscribers: [Work], lanes: { cpu: { worker, concurrency: 2 } }, logger });
await bus.start();
const ask = async (what: string) => {
  const at = new Date(0);
  const receipt = await bus.publish(new Asked({ what, at }), {
    headers: { tenant: "acme" },
    ...(what === "stale" ? { expiresIn: "300ms" } : {}),
  });
  const { done, notHandled } = await receipt.settled();
  const letter = (await bus.deadLetters.list()).find(({ event }) => (event as Asked).what === what);
  const errors = letter?.attempts.map(({ error }) => error as Error & { facts?: unknown });
  return { done, outcome: notHandled[0]?.outcome, reason: letter?.reason ?? notHandled[0]?.reason, errors };
};
const report: Record<string, unknown> = {};
for (const what of process.argv.slice(2)) {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const { errors = [], ...rest } = await ask(what);
  clearInterval(timer);
  const told = errors.map(({ name, message, facts }) => ({ name, message, facts }));
  report[what] = { ...rest, errors: told, turns };
}
await bus.close();
console.log(JSON.stringify(report));
