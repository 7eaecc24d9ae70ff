/**
 * Short work beside something that never ends: `long-lived <scenario> <rounds>`. Prints, as JSON, the heap after each of
 * three equal parts of the work: what the short work leaves on the long-lived thing would show from part to part.
 */
import { AsyncLocalStorage } from "node:async_hooks";

import { createBus, Event } from "signalbox";
import { heapUsed } from "./heap.js";

export interface LongLived {
  readonly done: number;
  /** After the first part, the second, the third. */
  readonly heap: readonly [number, number, number];
  /** What must be zero in the end, by name. */
  readonly left: Readonly<Record<string, number>>;
}

class Ping extends Event("long.ping")<{ n: number }> {}
class Endless extends Event("long.endless")<{}> {}

/** Done for a part of the rounds; answers what must be zero in the end. */
type Work = (rounds: number) => Promise<Readonly<Record<string, number>>>;

const never = new Promise<void>(() => undefined);
const bus = createBus({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
let done = 0;

/** Waits for an event that never settles, each given up: where a race would leave something behind. */
async function settled(): Promise<Work> {
  bus.on(Endless, () => never);
  const receipt = await bus.publish(new Endless({}));
  return async (rounds) => {
    for (let n = 0; n < rounds; n++) {
      const abort = new AbortController();
      const given = receipt.settled({ signal: abort.signal });
      abort.abort();
      await given.catch(() => void done++);
    }
    return {};
  };
}

/** Sleeps of one delivery that never ends, beside its one signal that never aborts. */
async function sleeps(): Promise<Work> {
  let sleep: ((ms: number) => Promise<void>) | undefined;
  bus.on(Endless, { timeout: "1h" }, (_event, delivery) => {
    sleep = (ms) => delivery.sleep(ms);
    return never;
  });
  await bus.publish(new Endless({}));
  await new Promise((resolve) => setImmediate(resolve));
  return async (rounds) => {
    for (let n = 0; n < rounds / 100; n++) {
      await Promise.all(Array.from({ length: 100 }, () => sleep!(0)));
      done += 100;
    }
    return {};
  };
}

/** A thousand tenants whose contexts go with their deliveries, and leave with them. */
async function tenants(): Promise<Work> {
  const context = new AsyncLocalStorage<{ readonly name: string; readonly bulk: string[] }>();
  const stores: WeakRef<object>[] = [];
  const wrong = { tenant: 0 };
  bus.on(Endless, () => never);
  bus.on(Ping, { retry: { attempts: 2, delay: 0 } }, async (event, { attempt }) => {
    await Promise.resolve();
    if (context.getStore()?.name !== `t${event.n}`) wrong.tenant++;
    if (attempt === 1 && event.n % 10 === 0) throw new Error("once");
    done++;
  });
  const one = (n: number): Promise<unknown> => {
    const store = { name: `t${n}`, bulk: Array.from({ length: 100 }, () => `of ${n}`) };
    if (n % 100 === 0) stores.push(new WeakRef(store));
    return context.run(store, () => bus.publish(new Ping({ n })));
  };
  return async (rounds) => {
    for (let n = 0; n < rounds; n++) await one(n % 1_000);
    while (bus.atRisk > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await heapUsed();
    return { wrongTenant: wrong.tenant, kept: stores.splice(0).filter((each) => each.deref()).length };
  };
}

const scenarios = { settled, sleeps, tenants };
export type LongLivedName = keyof typeof scenarios;

const [scenario, rounds] = [process.argv[2] as LongLivedName, Number(process.argv[3])];
await bus.start();
const work = await scenarios[scenario]();
await work(Math.min(rounds, 3_000));
done = 0;
const heap: number[] = [];
let left: LongLived["left"] = {};
for (let part = 0; part < 3; part++) {
  left = await work(rounds / 3);
  heap.push(await heapUsed());
}
const report: LongLived = { done, heap: heap as unknown as LongLived["heap"], left };
process.stdout.write(JSON.stringify(report), () => process.exit()); // what never ends would keep the process
