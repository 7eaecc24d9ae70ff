/** A test bus: the bus of production on virtual time, with everything that happens written down. */
import {
  type Bus,
  type BusOptions,
  type EventOf,
  type Events,
  plain,
  type SubscriberClass,
} from "../index.js";
import { LiveTestBus } from "./live-test-bus.js";
import type { Waits } from "./patience.js";
import type { RehearsalReport } from "./fake/rehearsal.js";
import type { Recorded } from "./recorded.js";
import { Rehearsing } from "./rehearsing.js";
import { quietLogger, splitOptions, type TestBusOptions } from "./test-bus-options.js";
import type { TestClock } from "./test-clock.js";
import { transportsFor } from "./transports-for.js";
import { VirtualTime } from "./virtual-time.js";

/** A bus in a test. `close()` and `await using` move its clock as far as they need it. */
export interface TestBus extends Bus {
  readonly clock: TestClock;
  /** Runs one delivery to its end, in the mode `"manual"`; answers whether there was one. */
  step(): Promise<boolean>;
  /** Events that were accepted, in order. */
  published<const C extends Events>(events: C): EventOf<C>[];
  /** Deliveries whose handler ended well, `invoke`d ones included; of one subscriber's, where it is given. */
  handled<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[];
  /** Attempts that threw, ran into their timeout or asked for a retry. */
  failed<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[];
  /** Attempts after which there was another, or is one to be. */
  retried<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[];
  deadLettered<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[];
  dropped<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[];
  /** Events that nobody was there for, those included that `publish` refused because of that. */
  unhandled<const C extends Events>(events: C): EventOf<C>[];
  /** What a rehearsal has found so far; undefined without `rehearsal: true`. */
  rehearsal(): RehearsalReport | undefined;
  /** The causal story, ids and times normalised: the same in every run. */
  transcript(): string;
}

/**
 * Makes and starts a test bus: the production engine with a clock that is moved by hand, seeded chance, a full journal,
 * `onUnhandled: "error"`, `isolate: "freeze"`, events sent through JSON and back, a logger that is quiet about dead
 * letters. Whatever the options say wins. A `TypeError` lists wrong options, a `StartError` what the subscribers lack.
 */
export async function createTestBus<const S extends readonly SubscriberClass[]>(
  options: TestBusOptions<S> = {},
): Promise<TestBus> {
  const time = new VirtualTime({ seed: options.seed });
  return testBusOn({ time, options: options as unknown as TestBusOptions });
}

export interface TestBusWiring {
  readonly time: VirtualTime;
  readonly options: TestBusOptions;
  /** How it is waited on the bus. Defaults to counting, with a guard of real time. */
  readonly waits?: Waits | undefined;
}

/** The same on a clock that is there already: for several buses in one time, and for a simulator. */
export async function testBusOn({ time, options, waits }: TestBusWiring): Promise<TestBus> {
  const { testOnly, busOptions } = splitOptions(options);
  const { host } = time.runtime;
  const rehearsing = testOnly.rehearsal === true ? new Rehearsing(busOptions, testOnly, host) : undefined;
  const transports = rehearsing?.transports ?? transportsFor(busOptions, host, testOnly.client);
  const production = { ...defaults, ...given(busOptions), transports, transport: undefined };
  const { container = plain() } = production;
  const live = new LiveTestBus({ time, testOnly, options: { ...production, container }, waits, rehearsing });
  try {
    for (const { token, value } of testOnly.provide ?? []) container.provide(token, value);
    if (testOnly.start !== false) await live.start();
  } catch (error) {
    live.unwatch();
    throw error;
  }
  return live;
}

const defaults: BusOptions = {
  journal: { size: 1_000_000 },
  onUnhandled: "error",
  isolate: "freeze",
  logger: quietLogger,
};

function given(options: BusOptions): BusOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
