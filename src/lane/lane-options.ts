/** The options of a lane: one table for checks and reference, and the limits that come of it. */
import type { LaneOptions, Overflow } from "../delivery/policies.js";
import { toMs } from "../runtime/duration.js";
import {
  duration,
  integerFrom,
  object,
  oneOf,
  type OptionTable,
  positiveDuration,
} from "../runtime/options.js";

export const laneOptions: OptionTable = {
  concurrency: { ...integerFrom(1), about: "Deliveries that run at once.", default: 10 },
  capacity: { ...integerFrom(1), about: "Deliveries that wait.", default: 10_000 },
  overflow: {
    ...oneOf("wait", "reject", "dropOldest", "dropNewest", "coalesce"),
    about: "What happens to a newcomer at the capacity.",
    default: "wait",
  },
  rate: {
    ...object({
      limit: { ...integerFrom(1), about: "Starts per interval.", required: true },
      interval: { ...positiveDuration, about: "The interval.", required: true },
    }),
    about: "A token bucket: at most so many starts per interval.",
  },
  breaker: {
    ...object({
      failures: { ...integerFrom(1), about: "Failures in a row.", required: true },
      pause: {
        ...positiveDuration,
        about: "How long the lane then pauses before it probes.",
        required: true,
      },
    }),
    about: "Pauses the lane after failures in a row.",
  },
  waitingMax: { ...integerFrom(0), about: "Publishes that may wait for a place.", default: "the capacity" },
  waitMax: { ...duration, about: "How long a publish may wait for a place.", default: "30s" },
};

/** The options with their defaults, in milliseconds. */
export interface LaneLimits {
  readonly concurrency: number;
  readonly capacity: number;
  readonly overflow: Overflow;
  readonly rate: { readonly limit: number; readonly intervalMs: number } | undefined;
  readonly breaker: { readonly failures: number; readonly pauseMs: number } | undefined;
  readonly waitingMax: number;
  readonly waitMaxMs: number;
}

export function laneLimits(options: LaneOptions): LaneLimits {
  const { concurrency = 10, capacity = 10_000, overflow = "wait", rate, breaker } = options;
  return {
    concurrency,
    capacity,
    overflow,
    rate: rate && { limit: rate.limit, intervalMs: toMs(rate.interval, "rate.interval") },
    breaker: breaker && { failures: breaker.failures, pauseMs: toMs(breaker.pause, "breaker.pause") },
    waitingMax: options.waitingMax ?? capacity,
    waitMaxMs: toMs(options.waitMax ?? "30s", "waitMax"),
  };
}
