/** The options of a test bus: those of the application's bus, and what a test adds. */
import { busOptions as allOptions } from "../bus.js";
import type { BusOptions, Logger, SubscriberClass } from "../index.js";
import {
  boolean,
  checkOptions,
  integerFrom,
  listOf,
  oneOf,
  type OptionTable,
  refuse,
  rule,
} from "../runtime/options.js";
import type { Mode } from "./gate.js";
import type { Provided } from "./provide.js";

export interface TestBusOptions<
  S extends readonly SubscriberClass[] = readonly SubscriberClass[],
> extends BusOptions<S> {
  /**
   * `"run"` runs everything; `"capture"` records events and runs no handler; `"manual"` runs one delivery for each
   * `await bus.step()`. Defaults to `"run"`.
   */
  mode?: Mode | undefined;
  /** Of the subscribers, only these run; functions of `bus.on` do too. What is muted counts as handled. Defaults to all. */
  only?: readonly SubscriberClass[] | undefined;
  /** Fakes for tokens of the container. */
  provide?: readonly Provided[] | undefined;
  /** Would this application survive a real broker? Defaults to `false`. */
  rehearsal?: boolean | undefined;
  /** What chance is drawn from. Defaults to 1. */
  seed?: number | undefined;
  /** Whether the bus is started. Defaults to `true`. */
  start?: boolean | undefined;
  /** Whether handlers get what comes back when an event goes through JSON. Defaults to `true`. */
  json?: boolean | undefined;
  /**
   * The client of the transactions that are begun in the place of a database's: what handlers get as `delivery.client`.
   * It is told nothing of their end. Defaults to one for each that takes any call.
   */
  client?: unknown;
}

/** What a test adds to the application's own options. */
export type TestOnly = Omit<TestBusOptions, keyof BusOptions>;

const classes = listOf(rule("a subscriber class", (value) => typeof value === "function"));
const provided = listOf(
  rule(
    "what provide(token, value) gives",
    (value) => typeof value === "object" && value !== null && "token" in value,
  ),
);

const testOptions: OptionTable = {
  mode: { ...oneOf("run", "capture", "manual"), about: "What becomes of deliveries.", default: "run" },
  only: { ...classes, about: "The subscribers that run.", default: "all" },
  provide: { ...provided, about: "Fakes for tokens of the container.", default: "none" },
  rehearsal: { ...boolean, about: "Whether a broker's faults are tried out.", default: false },
  seed: { ...integerFrom(0), about: "What chance is drawn from.", default: 1 },
  start: { ...boolean, about: "Whether the bus is started.", default: true },
  json: { ...boolean, about: "Whether events go through JSON and back.", default: true },
  client: {
    ...rule("anything", () => true),
    about: "The client of transactions.",
    default: "takes any call",
  },
};

/** Takes the options apart. A `TypeError` for what is wrong with either. */
export function splitOptions(options: TestBusOptions): { testOnly: TestOnly; busOptions: BusOptions } {
  const { mode, only, provide, rehearsal, seed, start, json, client, ...busOptions } = options;
  const testOnly = { mode, only, provide, rehearsal, seed, start, json, client };
  refuse(checkOptions("createTestBus", options, { ...allOptions, ...testOptions }));
  return { testOnly, busOptions };
}

/* oxlint-disable no-console -- what nobody could look up later is told at once */
/** Dead letters are the test's to look at; what says that something is wrong with the test itself is told. */
export const quietLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (facts: object, message: string) => {
    if (!("attempts" in facts)) console.error(message, facts);
  },
};
