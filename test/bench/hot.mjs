// One hot path for the profiler: publish → lane → handled, 10,000 waiting, all defaults on and lean, beside the raw loop.
// node test/bench/hot.mjs [default|lean] [seconds] after `npm run build`; works under --cpu-prof, --trace-deopt, --inspect.
import { execFileSync } from "node:child_process";
import { argv, cpuUsage, execPath } from "node:process";
import { fileURLToPath } from "node:url";

const WAITING = 10_000;
const ROUNDS = 15;
const [only, seconds = "1"] = argv.slice(2);

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** CPU nanoseconds per event: warmed up for the given time, the median of rounds of about a tenth of it. */
async function measure(run, events) {
  const cpu = () => cpuUsage().user + cpuUsage().system;
  const runFor = async (microseconds) => {
    const start = cpu();
    let runs = 0;
    do {
      await run(events);
      runs++;
    } while (cpu() - start < microseconds);
    return ((cpu() - start) * 1_000) / (runs * events.length);
  };
  await runFor(seconds * 1_000_000);
  const rounds = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await runFor(seconds * 100_000));
  return median(rounds);
}

/** The limit. Signalbox is not imported here: async context would make every await dearer. */
async function rawLoop() {
  const handler = { async handle() {} };
  const run = async (events) => {
    for (const event of events) await handler.handle(event);
  };
  return measure(
    run,
    Array.from({ length: WAITING }, (_, id) => Object.freeze({ id })),
  );
}

async function signalbox(context) {
  const { createBus, Event } = await import("../../dist/index.js");
  class Placed extends Event("bench.placed") {}
  class Receipts {
    static on = Placed;
    async handle() {}
  }
  const bus = createBus({
    subscribers: [Receipts],
    context,
    defaults: { lane: { concurrency: 10, capacity: 1_000_000 } },
  });
  await bus.start();
  const run = (events) => {
    for (const event of events) void bus.publish(event);
    return bus.idle();
  };
  const measured = await measure(
    run,
    Array.from({ length: WAITING }, (_, id) => new Placed({ id })),
  );
  await bus.close();
  return measured;
}

if (only === "raw") {
  console.log(await rawLoop());
} else {
  const raw = Number(execFileSync(execPath, [fileURLToPath(import.meta.url), "raw", seconds]));
  const print = (name, ns) =>
    console.log(`${name.padEnd(24)} ${ns.toFixed(0).padStart(6)} ns  ${(ns / raw).toFixed(1)} ×`);
  print("raw await loop", raw);
  if (only !== "lean") print("signalbox, all defaults", await signalbox(true));
  if (only !== "default") print("signalbox, lean", await signalbox(false));
}
