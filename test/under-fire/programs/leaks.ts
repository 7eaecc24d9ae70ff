/**
 * What stays behind: `leaks <scenario> <rounds>`. Each scenario runs once to warm up and once in full, on a bus whose
 * timers are counted, and with a signal that outlives everything. Prints what is left, as JSON.
 */
import "reflect-metadata";
import { getEventListeners } from "node:events";

import { Bus, type BusOptions, closeOnSignal, Event, retry, Subscriber } from "signalbox";
import { container, tsyringe } from "signalbox/tsyringe";
import { processRuntime } from "../../../src/runtime/runtime.js";
import { waits } from "../../../src/runtime/wait-for.js";
import type { BoundedLane } from "../../../src/lane/lane.js";
import type { KeyTable, Queued } from "../../../src/lane/queued.js";
import { heapUsed } from "./heap.js";

export interface Left {
  readonly handled: number;
  /** Absent where chance decides. */
  readonly expected?: number | undefined;
  readonly heapBefore: number;
  readonly heapAfter: number;
  /** What must be zero in the end, by name. */
  readonly left: Readonly<Record<string, number>>;
}

class Ping extends Event("leak.ping")<{ n: number }> {}
class Pong extends Event("leak.pong")<{ n: number }> {}
class Keyed extends Event("leak.keyed", { key: ({ key }: { key: string }) => key })<{ key: string }> {}

/** Done for so many rounds; answers how many deliveries it must have come to, where that is not chance. */
type Work = (rounds: number) => Promise<number | undefined>;
interface Scenario {
  readonly work: Work;
  /** More that must be zero in the end. */
  readonly more?: () => Readonly<Record<string, number>>;
}

Error.stackTraceLimit = 0;
const long = new AbortController().signal;
const timers = { set: 0 };
const buses: Bus[] = [];
let handled = 0;

const runtime = {
  ...processRuntime,
  host: {
    ...processRuntime.host,
    timer(run: () => void, ms: number) {
      timers.set++;
      let isOver = false;
      const over = (): void => {
        if (!isOver) timers.set--;
        isOver = true;
      };
      const timer = processRuntime.host.timer(() => (over(), run()), ms);
      return { cancel: () => (over(), timer.cancel()) };
    },
  },
};

function busOf(options: BusOptions = {}): Bus {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const bus = new Bus({ options: { logger, onUnhandled: "ignore", ...options }, runtime });
  buses.push(bus);
  return bus;
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const handle = (): void => void handled++;
const fails = (): never => {
  throw new Error("fails");
};
const handleLater = async (): Promise<void> => {
  await Promise.resolve();
  handled++;
};

/** Publishes without waiting for each, and comes to rest now and then. */
async function publishAll(rounds: number, one: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < rounds; n++) {
    const published = one(n);
    if (n % 1_000 === 999) await published;
  }
}

// ── Scenarios ───────────────────────────────────────────────────────────────────────────────────────────────────

async function signals(): Promise<Scenario> {
  const bus = busOf({ defaults: { lane: { capacity: 100, waitingMax: 1_000 } } });
  bus.on(Ping, async (_event, delivery) => {
    delivery.signal.addEventListener("abort", () => undefined);
    await Promise.resolve();
    if (handled++ % 100 === 0) await delivery.sleep(0);
  });
  await bus.start();
  const settled: Promise<unknown>[] = [];
  const work: Work = async (rounds) => {
    await publishAll(rounds, async (n) => {
      const receipt = await bus.publish(new Ping({ n }), { signal: long });
      settled.push(receipt.settled({ signal: long }));
    });
    await Promise.all(settled.splice(0));
    await bus.idle();
    return rounds;
  };
  return { work };
}

async function abortedSignals(): Promise<Scenario> {
  const bus = busOf({ defaults: { lane: { capacity: 10, concurrency: 1, waitingMax: 100_000 } } });
  bus.on(Ping, handle);
  await bus.start();
  const [lane] = bus.lanes.values();
  const work: Work = async (rounds) => {
    lane!.pause();
    for (let n = 0; n < 10; n++) await bus.publish(new Ping({ n }), { signal: long });
    // A hundred per signal, since Node takes the longer to add a listener, the more a signal has.
    const controllers = Array.from({ length: rounds / 100 }, () => new AbortController());
    const refused = Array.from({ length: rounds }, (_, n) =>
      bus.publish(new Ping({ n }), { signal: controllers[n % controllers.length]!.signal }),
    );
    for (const each of controllers) each.abort();
    await Promise.allSettled(refused);
    lane!.resume();
    await bus.idle();
    return 10;
  };
  return { work };
}

async function retries(): Promise<Scenario> {
  const bus = busOf();
  const policy = { attempts: 3, delay: 1, jitter: false } as const;
  bus.on(Ping, { retry: policy }, async (_event, delivery) => {
    await Promise.resolve();
    if (delivery.attempt === 1) throw new Error("first");
    if (delivery.attempt === 2) return retry({ after: 0 });
    return handle();
  });
  await bus.start();
  const work: Work = async (rounds) => {
    const receipts: Promise<unknown>[] = [];
    await publishAll(rounds, async (n) => {
      const receipt = await bus.publish(new Ping({ n }));
      receipts.push(receipt.settled());
    });
    await Promise.all(receipts);
    return rounds;
  };
  return { work, more: () => ({ retrying: [...bus.lanes.values()][0]!.retrying }) };
}

async function timeouts(): Promise<Scenario> {
  const bus = busOf({ defaults: { timeout: "1h", steps: [async (_delivery, next) => next()] } });
  bus.on(Ping, handleLater);
  bus.on(Ping, { timeout: 1, stuck: "release", grace: 0 }, async (event, delivery) => {
    if (event.n % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 4));
    else handled++;
    void delivery.signal;
  });
  await bus.start();
  const work: Work = async (rounds) => {
    await publishAll(rounds, (n) => bus.publish(new Ping({ n })));
    await bus.idle();
    await bus.idle();
    await new Promise((resolve) => setTimeout(resolve, 30));
    return 2 * rounds - Math.ceil(rounds / 1_000);
  };
  return { work };
}

async function scopes(): Promise<Scenario> {
  const open = { count: 0 };
  class Unit {
    constructor() {
      open.count++;
    }
    dispose(): void {
      open.count--;
    }
  }
  class Handlers {
    static readonly on = Ping;
    readonly unit: Unit;
    constructor(unit: Unit) {
      this.unit = unit;
    }
    async handle(event: Ping): Promise<void> {
      await Promise.resolve();
      if (event.n % 10 === 0) throw new Error("fails");
      handled++;
    }
  }
  Subscriber({ inject: [Unit], scope: "delivery" })(Handlers);
  const bus = busOf({ subscribers: [Handlers], container: tsyringe(container.createChildContainer()) });
  await bus.start();
  const work: Work = async (rounds) => {
    await publishAll(rounds, (n) => bus.publish(new Ping({ n })));
    await bus.idle();
    for (const letter of await bus.deadLetters.list()) await bus.deadLetters.discard(letter, "seen");
    return rounds * 0.9;
  };
  return { work, more: () => ({ units: open.count }) };
}

async function streams(): Promise<Scenario> {
  const bus = busOf();
  await bus.start();
  const work: Work = async (rounds) => {
    for (let times = 0; times < 100; times++) {
      const reader = bus.stream(Ping, { signal: long });
      const read = (async () => {
        let left = rounds / 100;
        for await (const event of reader) {
          handled++;
          if (--left === 0) return event;
        }
        return undefined;
      })();
      for (let n = 0; n < rounds / 100; n++) {
        void bus.publish(new Ping({ n }));
        if (n % 500 === 499) await bus.publish(new Ping({ n: 0 }));
        if (n % 500 === 499) for (let more = 0; more < 5; more++) await tick();
      }
      await bus.publish(new Ping({ n: -1 }));
      await read;
    }
    await bus.idle();
    return rounds;
  };
  return { work };
}

async function nexts(): Promise<Scenario> {
  const bus = busOf();
  await bus.start();
  const work: Work = async (rounds) => {
    for (let n = 0; n < rounds; n++) {
      const controller = new AbortController();
      const never = bus.next(Ping, () => false, { signal: controller.signal });
      const given = bus.next([Ping, Pong], undefined, { signal: long });
      await bus.publish(n % 2 === 0 ? new Ping({ n }) : new Pong({ n }));
      await given.then(handle);
      controller.abort();
      await never.catch(() => undefined);
    }
    await bus.idle();
    return rounds;
  };
  return { work };
}

async function subscriptions(): Promise<Scenario> {
  const bus = busOf();
  await bus.start();
  const work: Work = async (rounds) => {
    for (let n = 0; n < rounds; n++) {
      const undo = bus.on(Keyed, { retry: 2, dedupe: { by: "id", window: "1h" } }, handle);
      const broken = bus.on(Ping, { lane: { breaker: { failures: 1, pause: "1h" } } }, fails);
      if (n % 100 === 0) await bus.publish(new Ping({ n }));
      const tap = bus.tap("leak.*", () => undefined);
      const published = bus.publish(new Keyed({ key: String(n) }));
      if (n % 2 === 0) await published;
      undo();
      broken();
      tap();
    }
    await bus.idle();
    for (const letter of await bus.deadLetters.list()) await bus.deadLetters.discard(letter, "seen");
    return rounds;
  };
  return { work };
}

async function keys(): Promise<Scenario> {
  const tables = new Set<KeyTable>();
  const bus = busOf();
  const seen = (): void => {
    if (handled++ % 1_000 > 0) return;
    for (const lane of bus.lanes.values())
      for (const { keys: table } of (lane as unknown as BoundedLane<Queued>).runningNow()) tables.add(table);
  };
  bus.on(Keyed, { retry: { attempts: 2, delay: 0 } }, async (event, { attempt }) => {
    if (event.key.endsWith("9") && attempt === 1) throw new Error("once");
    seen();
  });
  bus.on(Keyed, { lane: { overflow: "coalesce" }, name: "latest" }, seen);
  await bus.start();
  const work: Work = async (rounds) => {
    for (const keyOf of [() => "one", (n: number) => `k-${n}`]) {
      await publishAll(rounds / 2, (n) => bus.publish(new Keyed({ key: keyOf(n) })));
      await bus.idle();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await bus.idle();
    }
    return undefined; // how many were superseded is chance
  };
  const entries = (): number => [...tables].reduce((sum, table) => sum + table.size, 0);
  return { work, more: () => ({ noTable: tables.size === 2 ? 0 : 1, keys: entries() }) };
}

async function chains(): Promise<Scenario> {
  const bus = busOf({
    lanes: { first: { capacity: 50 }, second: { capacity: 10, concurrency: 2 } },
  });
  let most = 0;
  bus.on(Ping, { lane: "first" }, async (event, delivery) => {
    await delivery.publish(new Pong({ n: event.n }));
    most = Math.max(most, waits());
  });
  bus.on(Pong, { lane: "second" }, handleLater);
  await bus.start();
  const work: Work = async (rounds) => {
    for (let n = 0; n < rounds; n++) await bus.publish(new Ping({ n }));
    await bus.idle();
    return rounds;
  };
  return { work, more: () => ({ waits: waits(), noneWaited: most > 0 ? 0 : 1 }) };
}

async function transactions(): Promise<Scenario> {
  const bus = busOf({ defaults: { lane: { capacity: 20 } } });
  bus.on(Ping, handle);
  await bus.start();
  const work: Work = async (rounds) => {
    for (let n = 0; n < rounds; n++) {
      const done = bus.transaction(async (tx) => {
        await tx.publish(new Ping({ n }), { signal: long });
        await bus.publish(new Ping({ n }));
        if (n % 2 === 1) throw new Error("rolled back");
      });
      await done.catch(() => undefined);
    }
    await bus.idle();
    return rounds;
  };
  return { work };
}

async function cycles(): Promise<Scenario> {
  const one = async (): Promise<void> => {
    const bus = busOf({
      lanes: { braked: { rate: { limit: 1, interval: "1h" }, breaker: { failures: 1, pause: "1h" } } },
      defaults: { timeout: "1h", retry: { attempts: 2, delay: "1h" } },
      journal: true,
    });
    const undo = closeOnSignal(bus);
    bus.on(Ping, { lane: "braked" }, handle);
    bus.on(Ping, () => {
      throw new Error("its retry is due in an hour");
    });
    bus.notices.on("delivery.done", () => undefined);
    await bus.start();
    const read = bus.stream(Pong, { signal: long })[Symbol.asyncIterator]().next();
    const next = bus.next(Pong, () => false, { signal: long });
    await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
    await bus.close({ deadline: 0 });
    await Promise.allSettled([read, next]);
    undo();
  };
  process.setMaxListeners(50); // twenty buses at a time
  const work: Work = async (rounds) => {
    for (let n = 0; n < rounds; n += 20) await Promise.all(Array.from({ length: 20 }, one));
    buses.length = 0;
    return undefined; // what was reached before the close is chance
  };
  return { work };
}

const scenarios = {
  signals,
  abortedSignals,
  retries,
  timeouts,
  scopes,
  streams,
  nexts,
  subscriptions,
  keys,
  chains,
  transactions,
  cycles,
};
export type ScenarioName = keyof typeof scenarios;

// ── The run ─────────────────────────────────────────────────────────────────────────────────────────────────────

const isHandle = (resource: string): boolean => !/^(?:Pipe|TTY|File|Immediate)/.test(resource);
const handles = (): number => process.getActiveResourcesInfo().filter(isHandle).length;
const listeners = (): number => process.listenerCount("SIGTERM") + process.listenerCount("SIGINT");

const { work, more } = await scenarios[process.argv[2] as ScenarioName]();
const rounds = Number(process.argv[3]);
const heapOf = async (): Promise<number> => (await tick(), heapUsed());

const before = { lanes: 0, subscriptions: 0 };
const inBuses = () => ({
  lanes: buses.reduce((sum, bus) => sum + bus.lanes.size, 0),
  subscriptions: buses.reduce((sum, bus) => sum + bus.describe().subscriptions.length, 0),
});

Object.assign(before, inBuses());
await work(Math.min(rounds, 5_000));
await work(Math.min(rounds, 5_000));
const heapBefore = await heapOf();
handled = 0;
const expected = await work(rounds);
const heapAfter = await heapOf();
const now = inBuses();
const report: Left = {
  handled,
  expected,
  heapBefore,
  heapAfter,
  left: {
    abortListeners: getEventListeners(long, "abort").length,
    timers: timers.set,
    handles: handles(),
    signalListeners: listeners(),
    waitingOrRunning: buses.reduce((sum, bus) => sum + bus.atRisk, 0),
    lanes: Math.max(0, now.lanes - before.lanes),
    subscriptions: Math.max(0, now.subscriptions - before.subscriptions),
    ...more?.(),
  },
};
process.stdout.write(JSON.stringify(report), () => process.exit()); // what is left may keep the process
