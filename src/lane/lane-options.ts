/** The options of a lane: one table for checks and reference, and the limits that come of it. */
import type { BatchOptions, LaneOptions, Overflow } from "../delivery/policies.js";
import { toMs } from "../runtime/duration.js";
import type { Scaling } from "./slot-controller.js";
import {
  checkOptions,
  duration,
  either,
  instanceOf,
  integerFrom,
  object,
  oneOf,
  type OptionTable,
  positiveDuration,
  type Rule,
} from "../runtime/options.js";

const scalingOptions: OptionTable = {
  min: { ...integerFrom(1), about: "The fewest.", required: true },
  max: { ...integerFrom(1), about: "The most.", required: true },
  target: { ...positiveDuration, about: "How long a delivery may wait.", required: true },
};

const scaling: Rule = {
  ...object(scalingOptions),
  within: (path, value) => {
    const { min, max } = value as { min: number; max: number };
    const isUpsideDown = Number.isSafeInteger(max) && min > max;
    return [
      ...checkOptions(path, value, scalingOptions),
      ...(isUpsideDown
        ? [`Expected \`${path}.max\` to be an integer from \`min\` up, got ${max} and ${min}.`]
        : []),
    ];
  },
};

export const laneOptions: OptionTable = {
  concurrency: {
    ...either(integerFrom(1), scaling),
    about: "Deliveries that run at once, or between what and what, to wait no longer than what.",
    default: 10,
  },
  capacity: { ...integerFrom(1), about: "Deliveries that wait.", default: 10_000 },
  overflow: {
    ...oneOf("wait", "reject", "dropOldest", "dropNewest", "coalesce", "shed"),
    about: "What happens to a newcomer at the capacity.",
    default: "wait",
  },
  rate: {
    ...object({
      limit: { ...integerFrom(1), about: "Starts per interval.", required: true },
      interval: { ...positiveDuration, about: "The interval.", required: true },
      by: { ...oneOf("key"), about: "Each key has a bucket of its own.", default: "one for the lane" },
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
  worker: {
    ...instanceOf(URL, 'a URL, such as new URL("./handlers.js", import.meta.url)'),
    about: "The module whose handlers run on worker threads.",
  },
};

/** The options with their defaults, in milliseconds. */
export interface LaneLimits {
  /** At first. */
  readonly concurrency: number;
  /** Undefined where the concurrency is a number. */
  readonly scaling: Scaling | undefined;
  readonly capacity: number;
  readonly overflow: Overflow;
  readonly rate:
    { readonly limit: number; readonly intervalMs: number; readonly isByKey: boolean } | undefined;
  readonly breaker: { readonly failures: number; readonly pauseMs: number } | undefined;
  readonly waitingMax: number;
  readonly waitMaxMs: number;
  readonly worker: URL | undefined;
  /** What of it was asked for. */
  readonly asked: LaneOptions;
  /** How many are handed over at once, and how long the first of them waits for the others. */
  readonly batch: { readonly size: number; readonly waitMs: number } | undefined;
}

export function batchLimits({ size, wait }: BatchOptions): NonNullable<LaneLimits["batch"]> {
  return { size, waitMs: toMs(wait, "wait") };
}

export function laneLimits(options: LaneOptions): LaneLimits {
  const { concurrency = 10, capacity = 10_000, overflow = "wait", rate, breaker } = options;
  const scaled = typeof concurrency === "number" ? undefined : concurrency;
  return {
    concurrency: scaled?.min ?? (concurrency as number),
    scaling: scaled && {
      min: scaled.min,
      max: scaled.max,
      targetMs: toMs(scaled.target, "concurrency.target"),
    },
    capacity,
    overflow,
    rate: rate && {
      limit: rate.limit,
      intervalMs: toMs(rate.interval, "rate.interval"),
      isByKey: rate.by === "key",
    },
    breaker: breaker && { failures: breaker.failures, pauseMs: toMs(breaker.pause, "breaker.pause") },
    waitingMax: options.waitingMax ?? capacity,
    waitMaxMs: toMs(options.waitMax ?? "30s", "waitMax"),
    worker: options.worker,
    asked: options,
    batch: undefined,
  };
}
