/** `@Every`: marks a method that runs at equal intervals. */
import type { TickOptions } from "../delivery/schedule.js";
import type { Duration } from "../runtime/duration.js";
import { type TickMark, tickMark } from "./tick-mark.js";

/**
 * Marks a method that runs once per interval, first when one has passed since the start of the bus, or at `from`. Intervals
 * are measured by a clock that nobody sets, and do not drift. Otherwise as `@Cron`.
 *
 * @throws TypeError on anything but a method. Interval and options are checked when the bus starts.
 */
export function Every(interval: Duration, options?: TickOptions): TickMark {
  return tickMark("@Every", { every: interval }, options);
}
