/** What every decorator of methods checks of what it was given. */
import { isObject } from "../runtime/options.js";
import { show } from "../runtime/show.js";
import { isTc39Context } from "./mark-place.js";

/** `@On method() {}` calls On itself with a method's place: throws a `TypeError` that says how to write it. */
export function refuseBare(second: unknown, says: string): void {
  if (typeof second !== "string" && typeof second !== "symbol" && !isTc39Context(second)) return;
  throw new TypeError(`${says}, with parentheses.`);
}

/** That the options of a mark are an object; what is in them is checked when the bus starts. */
export function optionFaults(of: string, options: unknown): string[] {
  if (options === undefined || isObject(options)) return [];
  return [`Expected the options of ${of} to be an object, got ${show(options)}.`];
}
