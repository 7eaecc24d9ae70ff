/** The options of a fake transport: what it promises, and what goes wrong. */
import type { Features } from "../../index.js";
import {
  checkOptions,
  integerFrom,
  isObject,
  listOf,
  type OptionTable,
  refuse,
  rule,
} from "../../runtime/options.js";
import { type Fault, faultFaults } from "./fault.js";

export interface FakeTransportOptions {
  /** What chance is drawn from; without `faults` it draws from all that lose nothing. Defaults to 1, and no faults. */
  seed?: number | undefined;
  /** What goes wrong; the first that fits a point happens there. Defaults to none, or to what the seed draws. */
  faults?: readonly Fault[] | undefined;
  /**
   * What it promises. Defaults to a lane that holds the queue, order per key, JSON; with `holds: "store"` the transport
   * holds the queue, hands out by credit and takes retries back.
   */
  features?: Partial<Features> | undefined;
  /**
   * The client of the transactions that it begins, where it promises `transactions`: what handlers get as
   * `delivery.client`. It is told nothing of their end. Defaults to one for each that records what is called.
   */
  client?: unknown;
}

const some = rule("an object", isObject);
const anything = rule("anything", () => true);
const fakeOptions: OptionTable = {
  seed: { ...integerFrom(0), about: "What chance is drawn from.", default: 1 },
  faults: { ...listOf(some), about: "What goes wrong.", default: "none" },
  features: { ...some, about: "What the transport promises.", default: "a lane that holds the queue" },
  client: { ...anything, about: "The client of its transactions.", default: "one that records" },
};

const IN_LANE: Features = {
  survives: "nothing",
  serialises: true,
  holds: "lane",
  order: "key",
  counts: "failures",
  fenced: true,
  leaseMs: 0,
  retryAfterMaxMs: Infinity,
  dueMaxMs: 0,
  priorities: 8,
  dedupeWindowMs: 0,
  bodyBytesMax: 1_000_000,
  transactions: false,
};
const IN_STORE: Features = { ...IN_LANE, holds: "store", leaseMs: 30_000, priorities: 1, dueMaxMs: Infinity };

/** All features. */
export function featuresOf({ holds, ...others }: Partial<Features> = {}): Features {
  return Object.freeze({ ...(holds === "store" ? IN_STORE : IN_LANE), ...others });
}

/** A `TypeError` with all that is wrong. */
export function checkFakeOptions(options: FakeTransportOptions): void {
  const faults = checkOptions("fakeTransport", options, fakeOptions);
  refuse(faults);
  const features = featuresOf(options.features);
  refuse([
    ...unknownFeatures(options.features ?? {}),
    ...(options.faults ?? []).flatMap((fault, index) =>
      faultFaults(`fakeTransport.faults[${index}]`, fault, features.holds),
    ),
  ]);
}

/* It must not promise what it does not do. */
const FIXED = { fenced: [true] } as const;

function unknownFeatures(given: Partial<Features>): string[] {
  const table = Object.fromEntries(
    Object.keys(IN_LANE).map((name) => {
      const can = (FIXED as Record<string, readonly unknown[]>)[name];
      const is = (value: unknown): boolean =>
        can?.includes(value) ?? typeof value === typeof IN_LANE[name as keyof Features];
      const expects =
        can === undefined
          ? `a ${typeof IN_LANE[name as keyof Features]}`
          : `${String(can[0])} in a fake transport`;
      return [name, { ...rule(expects, is), about: "" }];
    }),
  );
  const faults = checkOptions("fakeTransport.features", given, table);
  if (given.holds === "store" && (given.priorities ?? 1) > 1)
    faults.push(
      "Expected `fakeTransport.features.priorities` to be 1 in a fake store, which knows no priorities.",
    );
  if (given.holds !== "store" && given.transactions === true)
    faults.push(
      'Expected `fakeTransport.features.transactions` to be false where a lane holds the queue. Add `holds: "store"`.',
    );
  return faults;
}
