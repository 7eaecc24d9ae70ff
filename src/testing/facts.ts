/** Checks of what an assertion is asked: for a misspelt fact it would look in vain, and its negation would always hold. */
import { isEventClass } from "../event/definition.js";
import {
  checkOptions,
  checkValue,
  integerFrom,
  type OptionTable,
  refuse,
  rule,
  string,
} from "../runtime/options.js";

const eventClass = rule("an event class", isEventClass);
const someEvents = rule(
  "a list of one event class or more",
  (value) => Array.isArray(value) && value.length > 0,
);
const by = { ...rule("a subscriber class", (value) => typeof value === "function"), about: "Whose." };
const data = { ...rule("data", () => true), about: "Any part of the data, or a schema." };
const times = { ...integerFrom(0), about: "How often." };
const reasonRule = rule("a string or a RegExp", (value) => string.is(value) || value instanceof RegExp);
const reason = { ...reasonRule, about: "Why." };

export const handledFacts: OptionTable = { by, data };
export const retriedFacts: OptionTable = { by, times };
export const deadLetteredFacts: OptionTable = { by, reason };

/** A `TypeError` lists what is wrong. */
export function checkAsked(event: unknown, facts: object = {}, table: OptionTable = {}): void {
  refuse([...checkValue("event", event, eventClass), ...checkOptions("facts", facts, table)]);
}

/** A `TypeError` where a count could be of nothing. */
export function checkTimes(given: unknown): void {
  refuse(checkValue("times", given, times));
}

/** A `TypeError` for a list that is empty, or has something else in it. */
export function checkEvents(events: unknown): void {
  refuse(checkValue("events", events, someEvents));
  for (const each of events as readonly unknown[]) checkAsked(each);
}
