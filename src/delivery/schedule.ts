/** Schedules as applications see them: when something runs, how its runs stand to each other, and what became of them. */
import type { Duration } from "../runtime/duration.js";
import type { Policies } from "./policies.js";
import type { Receipt } from "./receipt.js";

/** Five fields (minute, hour, day, month, weekday), or six with the seconds first; checked in full at `start()`. */
export type CronExpression =
  | `${string} ${string} ${string} ${string} ${string}`
  | `@${"hourly" | "daily" | "weekly" | "monthly" | "yearly"}`;

/** The policies are those of the subscription that gets the ticks. */
export interface ScheduleOptions extends Policies {
  /** The IANA zone that a cron expression is read in. Defaults to `"UTC"`. */
  timeZone?: string | undefined;
  /**
   * When it is due while its last run is not over: do not run, run when that is over, or cancel that and run when it has
   * ended. Defaults to `"skip"`.
   */
  overlap?: "skip" | "queue" | "cancelPrevious" | undefined;
  /**
   * What becomes of times that nobody could keep, since the process slept, its clock jumped or the schedule was paused: none
   * of them runs, the latest does, or all within a span before now do, one after the other. Defaults to `"skip"`.
   */
  missed?: "skip" | "once" | { all: Duration } | undefined;
  /** Each run is late by a random part of it, never by more than half the way to the next time. Defaults to none. */
  jitter?: Duration | undefined;
  /** The first moment that may be one of its times; an interval counts from there. Defaults to the start of the bus. */
  from?: Date | undefined;
  /** From here on there are no times any more. Defaults to never. */
  until?: Date | undefined;
  /**
   * Where the default transport has a store: whether one of the processes runs it, or every one does. Without a store both
   * are the same. Defaults to `"one"`.
   */
  audience?: "one" | "each" | undefined;
}

/** Those of `@Cron` and `@Every`. */
export interface TickOptions extends ScheduleOptions {
  /** The last part of the name of the subscription, and of the schedule. Defaults to that of the method. */
  name?: string | undefined;
}

/** When it runs: at the times of an expression, or at equal intervals. */
export type When = CronExpression | { readonly every: Duration };

/** What `@Cron` and `@Every` write down; not checked. */
export interface ScheduleGiven {
  /** `"@Cron"` or `"@Every"`, for messages. */
  readonly by: string;
  readonly when: When;
  readonly options: TickOptions;
}

/** How a run stands, or how it ended. */
export type RunOutcome = "running" | "done" | "deadLettered" | "dropped" | "expired" | "abandoned" | "failed";

/** The latest run of a schedule. */
export interface ScheduleRun {
  /** The time that it ran for. */
  readonly due: Date;
  /** When it began. */
  readonly at: Date;
  /** `failed`: it could not begin; the log says why. */
  readonly outcome: RunOutcome;
}

/** A schedule at work. */
export interface Schedule {
  readonly name: string;
  /** The latest run, begun or over. */
  readonly last: ScheduleRun | undefined;
  /** Whether it is paused. */
  readonly isPaused: boolean;
  /** The next times, without jitter: fewer than asked for where it ends, none where it was removed. Defaults to one. */
  next(count?: number): readonly Date[];
  /**
   * Runs now, once more than its times say. While a run is not over, `overlap` decides: with `skip` this is the receipt of
   * that run, otherwise it resolves when that is over and this one has begun. Rejects before `start()` and after `close()`.
   */
  runNow(): Promise<Receipt>;
  /** Stops its ticks, not the run that has begun; idempotent. */
  pause(): void;
  /** Goes on; times in between are missed ones. Idempotent. */
  resume(): void;
  /** Takes it out for good; the run that has begun goes on. Idempotent. */
  remove(): void;
}
