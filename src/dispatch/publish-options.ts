/** The options of a publish: one table for checks and reference. */
import type { PublishOptions } from "../delivery/receipt.js";
import {
  checkOptions,
  checkValue,
  duration,
  either,
  instanceOf,
  integerFrom,
  isObject,
  type OptionTable,
  positiveDuration,
  record,
  refuse,
  rule,
  string,
} from "../runtime/options.js";

const moment = rule("a Date", (value) => value instanceof Date && !Number.isNaN(value.getTime()));

export const publishOptions: OptionTable = {
  id: { ...string, about: "Its id.", default: "one that no other event has" },
  key: {
    ...rule("a text", (value) => typeof value === "string"),
    about: "Order is kept per key.",
    default: "the event's",
  },
  headers: { ...record(rule("a text", (value) => typeof value === "string")), about: "Headers of its own." },
  delay: { ...either(duration, moment), about: "Published later: after a span, or at a moment." },
  expiresIn: { ...positiveDuration, about: "Not delivered after that.", default: "never" },
  priority: { ...integerFrom(0, 7), about: "7 goes first.", default: 3 },
  signal: { ...instanceOf(AbortSignal, "an AbortSignal"), about: "Stops waiting for a full lane." },
  transaction: {
    ...rule("a client of the transport's database", () => true),
    about: "The transaction to join.",
  },
};

/** Throws one `TypeError` with all faults. */
export function checkPublishOptions(options: PublishOptions): void {
  if (isRight(options)) return;
  refuse(checkOptions("publish options", options, publishOptions));
}

/* Asked for every publish with options: to look for faults and find none cost twice as much as the publish. */
function isRight(options: PublishOptions): boolean {
  if (!isObject(options)) return false;
  for (const name in options) {
    const option = Object.hasOwn(publishOptions, name) ? publishOptions[name] : undefined;
    const value: unknown = options[name];
    if (option === undefined) return false;
    if (value !== undefined && checkValue(name, value, option).length > 0) return false;
  }
  return true;
}
