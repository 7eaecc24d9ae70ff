/** Runs a scenario under many seeds: each decides who goes next, and what goes wrong. */
import type { SubscriberClass } from "../../index.js";
import { fakeTransport } from "../fake/fake-transport.js";
import type { TestBusOptions } from "../test-bus-options.js";
import { type TestBus, testBusOn } from "../test-bus.js";
import {
  checkOptions,
  boolean,
  integerFrom,
  func,
  checkValue,
  type OptionTable,
  refuse,
} from "../../runtime/options.js";
import { CallerChecks } from "./caller.js";
import { type Inspection, inspectionStep } from "./inspection.js";
import { report } from "./report.js";
import { run, type Scenario, type Stage } from "./run.js";
import type { Scheduler } from "./scheduler.js";
import type { Waits } from "../patience.js";

export interface ExploreOptions {
  /** How many seeds are tried, from `seed` up. */
  runs: number;
  /** Defaults to 1. */
  seed?: number | undefined;
  /** Whether the transport loses, repeats, delays and crashes. Defaults to `false`. */
  faults?: boolean | undefined;
}

const exploreOptions: OptionTable = {
  runs: { ...integerFrom(1), about: "How many seeds are tried.", required: true },
  seed: { ...integerFrom(0), about: "The first of them.", default: 1 },
  faults: { ...boolean, about: "Whether the transport misbehaves.", default: false },
};

export interface World {
  /** A test bus on the time of this run; it is closed when the scenario has ended. */
  bus<const S extends readonly SubscriberClass[]>(options?: TestBusOptions<S>): Promise<TestBus>;
  /** Checked whenever everything rests: what answers false, or throws, is a violation of this name. */
  invariant(name: string, holds: () => boolean): void;
  /** At least 0, below 1; the seed decides. */
  random(): number;
}

export interface Explored {
  readonly runs: number;
  /** One text per promise that was broken: the seed, what happened, how to see it again. Empty where all held. */
  readonly violations: readonly string[];
}

/** Explores; stops at the first seed that breaks a promise. */
export async function explore(
  options: ExploreOptions,
  scenario: (world: World) => Promise<void>,
): Promise<Explored> {
  refuse([...checkOptions("explore", options, exploreOptions), ...checkValue("scenario", scenario, func)]);
  const { runs, seed: first = 1, faults = false } = options;
  const played: Scenario = (stage) => scenario(worldOf(stage, faults));
  for (let index = 0; index < runs; index++) {
    const seed = first + index;
    const ran = await run(played, seed);
    if (ran.violation !== undefined)
      return {
        runs: index + 1,
        violations: [await report(ran, { seed, scenario: played, again: againOf(seed, faults) })],
      };
  }
  return { runs, violations: [] };
}

function worldOf(stage: Stage, faults: boolean): World {
  return {
    bus: (options) => busOf(stage, (options ?? {}) as TestBusOptions, faults),
    invariant: (name, holds) => stage.invariant(name, holds),
    random: () => stage.tape.random(),
  };
}

/* Only the scheduler waits here: what never ends is found by it, and real time has no say. */
async function busOf(stage: Stage, options: TestBusOptions, faults: boolean): Promise<TestBus> {
  const { scheduler } = stage;
  const callers = options.context === false || faults ? undefined : new CallerChecks();
  let inspection: Inspection | undefined;
  const step = inspectionStep(callers, () => inspection);
  const misbehaving = faults ? { transport: fakeTransport({ seed: stage.tape.below(2 ** 31) }) } : {};
  const bus = await testBusOn({
    time: scheduler,
    options: { ...options, ...misbehaving, steps: [...(options.steps ?? []), step] },
    waits: waitsOf(scheduler),
  });
  inspection = stage.inspect(bus, { callers, isFaulty: faults });
  return bus;
}

function waitsOf(scheduler: Scheduler): Waits {
  const until = async (isOver: () => boolean): Promise<void> => {
    do await scheduler.quiet();
    while (!isOver());
  };
  return { rest: () => scheduler.quiet(), idle: (idle) => idle, until };
}

function againOf(seed: number, faults: boolean): string {
  return `explore({ runs: 1, seed: ${seed}${faults ? ", faults: true" : ""} }, scenario)`;
}
