/** `@Cron`: marks a method that runs at the times of a cron expression. */
import type { CronExpression, TickOptions } from "../delivery/schedule.js";
import { type TickMark, tickMark } from "./tick-mark.js";

/**
 * Marks a method that runs at the times of an expression: five fields, or six with seconds first, read in `timeZone`
 * (defaults to `"UTC"`). Each mark is a subscription with its own lane, retries and dead letters; its schedule, in
 * `bus.schedules`, has the name of the subscription. The method takes a `Tick`, or nothing.
 *
 * @throws TypeError on anything but a method. Expression, zone and options are checked when the bus starts.
 */
export function Cron(expression: CronExpression, options?: TickOptions): TickMark {
  return tickMark("@Cron", expression, options);
}
