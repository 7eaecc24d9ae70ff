// One hot path for the profiler: publish → lane → handled, 10,000 waiting, all defaults on and lean, beside the raw loop;
// then each half by itself: wall-clock nanoseconds and bytes left to the garbage collector, an event.
// node test/bench/hot.mjs [default|lean] [seconds] after `npm run build`; works under --cpu-prof, --trace-deopt, --inspect.
import { execFileSync } from "node:child_process";
import { argv, cpuUsage, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const WAITING = 10_000;
const ROUNDS = 15;
const [only, seconds = "1"] = argv.slice(2);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

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

/** What publishing costs, and what handling does: the medians of bursts that no collection interrupts. */
async function halves(publishAll, events) {
  const burst = events.slice(0, 1_000);
  const at = () => [Number(process.hrtime.bigint()), process.memoryUsage().heapUsed];
  const bursts = [];
  for (let i = 0; i < 101; i++) {
    collect({ type: "minor" });
    const begun = at();
    const handled = publishAll(burst);
    const published = at();
    await handled;
    bursts.push([begun, published, at()]);
  }
  const between = (from, to, which) =>
    median(bursts.map((moments) => (moments[to][which] - moments[from][which]) / burst.length));
  const half = (from, to) => ({ ns: between(from, to, 0), bytes: between(from, to, 1) });
  return { publish: half(0, 1), handle: half(1, 2) };
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
  const events = Array.from({ length: WAITING }, (_, id) => new Placed({ id }));
  const ns = await measure(run, events);
  const { publish, handle } = await halves(run, events);
  await bus.close();
  return { ns, publish, handle };
}

if (only === "raw") {
  console.log(await rawLoop());
} else {
  const raw = Number(execFileSync(execPath, [fileURLToPath(import.meta.url), "raw", seconds]));
  const print = (name, ns, rest = "") =>
    console.log(`${name.padEnd(24)} ${ns.toFixed(0).padStart(6)} ns  ${(ns / raw).toFixed(1)} ×${rest}`);
  const printHalves = (name, { ns, publish, handle }) => {
    const text = ({ ns: each, bytes }) => `${each.toFixed(0)} ns, ${bytes.toFixed(0)} B`;
    print(name, ns, `  publish ${text(publish)} · handle ${text(handle)}`);
  };
  print("raw await loop", raw);
  if (only !== "lean") printHalves("signalbox, all defaults", await signalbox(true));
  if (only !== "default") printHalves("signalbox, lean", await signalbox(false));
}
