/** What `@Cron` and `@Every` have in common: the type of the decorator, and what it writes down. */
import type { Delivery, HandlerResult } from "../delivery/delivery.js";
import type { ScheduleOptions, When } from "../delivery/schedule.js";
import type { Refused } from "../event/event.js";
import { isObject, refuse, show } from "../runtime/options.js";
import { isTc39Context, placeOf } from "../subscriber/mark-place.js";
import { marksOn } from "../subscriber/marks.js";
import type { CheckOf } from "../subscriber/method-mark.js";
import { type Tick, tickClass } from "./tick.js";

// oxlint-disable no-explicit-any -- parameters are contravariant: only `any` stands for every method and every class
type Method = (...args: any[]) => unknown;
type TickCheck<M extends Method> = CheckOf<
  M,
  Tick,
  Delivery<Tick>,
  HandlerResult,
  "@Cron or @Every",
  "anything"
>;

/** One decorator value for TC39 and legacy decorators. */
export interface TickMark {
  <M extends Method, C extends ClassMethodDecoratorContext<any, M>>(
    method: M,
    context: C,
  ): C extends { readonly private: true }
    ? Refused<"a handler cannot be #private: the bus calls it by name">
    : TickCheck<M>;
  <M extends Method>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): TickCheck<M>;
  (
    target: object | undefined,
    field: string | symbol | ClassFieldDecoratorContext,
  ): Refused<"handlers are methods: write name(tick) { ... }, not name = (tick) => ...">;
}

/** The decorator of one schedule; `by` is its name. */
export function tickMark(by: "@Cron" | "@Every", when: When, options: ScheduleOptions | undefined): TickMark {
  refuseBare(by, options);
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

// `@Cron method() {}` calls Cron itself with a method's place.
function refuseBare(by: string, second: unknown): void {
  if (typeof second !== "string" && typeof second !== "symbol" && !isTc39Context(second)) return;
  const example = by === "@Cron" ? `@Cron("0 3 * * *")` : `@Every("5m")`;
  throw new TypeError(`${by} needs to know when: write ${example}, with parentheses.`);
}

function optionFaults(of: string, options: unknown): string[] {
  if (options === undefined || isObject(options)) return [];
  return [`Expected the options of ${of} to be an object, got ${show(options)}.`];
}
