/** What `@Cron` and `@Every` have in common: the type of the decorator, and what it writes down. */
import type { Delivery, HandlerResult } from "../delivery/delivery.js";
import type { TickOptions, When } from "../delivery/schedule.js";
import { refuse } from "../runtime/options.js";
import { optionFaults, refuseBare } from "../subscriber/mark-options.js";
import { placeOf } from "../subscriber/mark-place.js";
import { marksOn } from "../subscriber/marks.js";
import type { CheckOf, Mark, MarkRule } from "../subscriber/method-mark.js";
import { type Tick, tickClass } from "./tick.js";

/** The type of `@Cron` and `@Every`. */
export type TickMark = Mark<TickRule, "tick">;

/** For a method that takes a tick, or nothing. */
export interface TickRule extends MarkRule {
  readonly check: CheckOf<this["method"], Tick, Delivery<Tick>, HandlerResult, "@Cron or @Every", "anything">;
}

/** The decorator of one schedule; `by` is its name. */
export function tickMark(by: "@Cron" | "@Every", when: When, options: TickOptions | undefined): TickMark {
  const example = by === "@Cron" ? `@Cron("0 3 * * *")` : `@Every("5m")`;
  refuseBare(options, `${by} needs to know when: write ${example}`);
  const mark = (...args: readonly unknown[]): void => {
    const place = placeOf(by, args);
    refuse(optionFaults(`${by} of ${place.label}`, options));
    const { method, isStatic } = place;
    const given = Object.freeze({ ...options });
    const schedule = Object.freeze({ by, when, options: given });
    const events = Object.freeze([tickClass]);
    marksOn(place.holder, place.label).handlers.push({ method, isStatic, events, options: given, schedule });
  };
  return mark as TickMark;
}
