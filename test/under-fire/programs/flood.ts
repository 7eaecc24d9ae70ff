/**
 * A flood through bounded lanes: `flood <overflow> <events>`. A quarter of the events each meets a running lane and a
 * paused one, without keys and with a thousand of them. Prints, as JSON, what did not add up, the counts and the heap.
 */
import { type Bus, createBus, Event, LaneFullError, type LaneOptions, type Receipt } from "signalbox";
import { heapUsed } from "./heap.js";

Error.stackTraceLimit = 0; // refusals come by the hundred thousand

class Loose extends Event("flood.loose")<{ n: number }> {}
class Keyed extends Event("flood.keyed", { key: ({ n }: { n: number }) => String(n % 1_000) })<{
  n: number;
}> {}

const CAPACITY = 1_000;
const BURST = 3_000;

type Overflow = NonNullable<LaneOptions["overflow"]>;
type Counts = ReturnType<Bus["describe"]>["subscriptions"][number]["counts"];

export interface Flood {
  readonly events: number;
  /** What did not add up; the first few. */
  readonly faults: readonly string[];
  readonly looks: number;
  readonly accepted: number;
  readonly refused: number;
  readonly otherErrors: number;
  readonly published: number;
  readonly mostWaiting: number;
  readonly counts: Readonly<Record<string, Counts>>;
  readonly heapBefore: number;
  readonly heapAfter: number;
}

const [overflow, events] = [process.argv[2] as Overflow, Number(process.argv[3])];
const lane = { capacity: CAPACITY, overflow } as const;
const bus = createBus({ lanes: { fast: lane, slow: { ...lane, concurrency: 3 } }, onUnhandled: "error" });
const faults: string[] = [];
let looks = 0;
let mostWaiting = 0;
let accepted = 0;
let refused = 0;
let otherErrors = 0;
let handled = 0;

function look(where: string): void {
  looks++;
  const { subscriptions, lanes } = bus.describe();
  for (const { name, counts } of subscriptions) {
    const { routed, ...parts } = counts;
    const sum = Object.values(parts).reduce((a, b) => a + b, 0);
    if (sum !== routed) faults.push(`${where}: ${name} adds up to ${sum}, ${JSON.stringify(counts)}`);
    if (Object.values(counts).some((count) => count < 0))
      faults.push(`${where}: ${name} ${JSON.stringify(counts)}`);
  }
  for (const each of lanes) mostWaiting = Math.max(mostWaiting, each.waiting + each.retrying);
}

const onReceipt = (receipt: Receipt): void => void (accepted += receipt.accepted.length);
const onRefusal = (error: unknown): void => void (error instanceof LaneFullError ? refused++ : otherErrors++);

/** Comes to the next round of the loop, with all that ran in between. */
const round = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function flood(Kind: typeof Loose | typeof Keyed, count: number, isPaused: boolean): Promise<void> {
  if (isPaused) for (const each of bus.lanes.values()) each.pause();
  for (let n = 0; n < count; n++) {
    const published = bus.publish(new Kind({ n })).then(onReceipt, onRefusal);
    if (n % 4_999 === 0) look("between two publishes");
    if (overflow === "wait" && !isPaused) await published;
    else if (n % BURST === BURST - 1) await round();
  }
  look("after the flood");
  for (const each of bus.lanes.values()) each.resume();
  await bus.idle();
  look("idle");
}

const all = async (count: number): Promise<void> => {
  for (const Kind of [Loose, Keyed])
    for (const isPaused of [false, true]) await flood(Kind, count / 4, isPaused);
};

bus.on([Loose, Keyed], { name: "at-once", lane: "fast" }, () => {
  if (++handled % 4_999 === 0) look("in a handler");
});
bus.on([Loose, Keyed], { name: "later", lane: "slow" }, async () => {
  await Promise.resolve();
  if (++handled % 4_999 === 0) look("in a handler that waited");
});
bus.notices.on("delivery.dropped", () => void (++handled % 99_991 === 0 && look("at a notice")));
bus.notices.on("lane.full", () => look("at lane.full"));
bus.notices.on("lane.free", () => look("at lane.free"));

await bus.start();
await all(40_000);
bus.notices.off("delivery.dropped"); // one per drop is dear
accepted = refused = otherErrors = 0;
const before = bus.describe();
const heapBefore = await heapUsed();
await all(events);
const heapAfter = await heapUsed();
const after = bus.describe();
const report: Flood = {
  events,
  faults: faults.slice(0, 5),
  looks,
  accepted,
  refused,
  otherErrors,
  published: after.counts.published - before.counts.published,
  mostWaiting,
  counts: Object.fromEntries(
    after.subscriptions.map(({ name, counts }, index) => [
      name,
      difference(counts, before.subscriptions[index]!.counts),
    ]),
  ),
  heapBefore,
  heapAfter,
};
console.log(JSON.stringify(report));
await bus.close();

function difference(after: Counts, before: Counts): Counts {
  const names = Object.keys(after) as (keyof Counts)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as Counts;
}
