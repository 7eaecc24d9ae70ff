/** One schedule: its rules, its next time, and its run. What is done with it stands in schedules.ts. */
import type { Receipt } from "../delivery/receipt.js";
import type { Schedule, ScheduleOptions, ScheduleRun } from "../delivery/schedule.js";
import { toMs } from "../runtime/duration.js";
import type { Due } from "./due-heap.js";
import type { Keeper } from "./keeper.js";
import type { Clocks, Pace } from "./pace.js";
import type { Run, Work } from "./run.js";

/** The options, read. */
export interface Rules {
  readonly overlap: "skip" | "queue" | "cancelPrevious";
  /** A number is the span of those that all run, in milliseconds. */
  readonly missed: "skip" | "once" | number;
  readonly jitterMs: number;
  /** In milliseconds since the epoch. */
  readonly from: number | undefined;
  readonly until: number | undefined;
}

/** What runs when a run is over that times have waited for: each of them, or the latest. */
type Waits = "each" | "latest";

export interface ScheduledParts {
  readonly name: string;
  readonly pace: Pace;
  readonly rules: Rules;
  readonly work: Work;
  /** Where a store keeps it for all processes. */
  readonly keeper?: Keeper | undefined;
  readonly runner: Runner;
}

/** What a schedule asks of its runner. */
export interface Runner {
  upcoming(schedule: Scheduled, count: number): readonly Date[];
  runNow(schedule: Scheduled): Promise<Receipt>;
  pause(schedule: Scheduled): void;
  resume(schedule: Scheduled): void;
  remove(schedule: Scheduled): void;
}

/* Of nearly all schedules: one object serves them. */
const RULES_DEFAULT: Rules = Object.freeze({
  overlap: "skip",
  missed: "skip",
  jitterMs: 0,
  from: undefined,
  until: undefined,
});

export class Scheduled implements Schedule, Due {
  readonly name: string;
  readonly pace: Pace;
  readonly rules: Rules;
  readonly work: Work;
  readonly keeper: Keeper | undefined;
  readonly order: number;
  at = 0;
  place = -1;
  /** The next of its times that nothing was decided of, on the clock of its pace; undefined where there is none. */
  due: number | undefined = undefined;
  /** Times since the last tick that got none. */
  missed = 0;
  run: Run | undefined = undefined;
  waits: Waits | undefined = undefined;
  last: ScheduleRun | undefined = undefined;
  isPaused = false;
  isRemoved = false;
  /** Its times count. */
  hasBegun = false;
  #from = -Infinity;
  #until = Infinity;
  readonly #runner: Runner;

  constructor({ name, pace, rules, work, keeper, runner }: ScheduledParts, order: number) {
    this.name = name;
    this.pace = pace;
    this.rules = rules;
    this.work = work;
    this.keeper = keeper;
    this.order = order;
    this.#runner = runner;
  }

  /** Its first time is after `now`, and not before `from`. */
  begin(now: Clocks): void {
    const here = now[this.pace.clock];
    const moved = (wall: number): number => here + (wall - now.wall);
    const { from, until } = this.rules;
    this.#until = until === undefined ? Infinity : moved(until);
    this.pace.anchor(from === undefined ? here : moved(from));
    this.#from = from === undefined ? -Infinity : Math.round(moved(from)) - 1;
    this.resumeAfter(here);
  }

  /** Nothing is decided of what comes after a moment. */
  resumeAfter(moment: number): void {
    this.due = this.nextAfter(Math.max(moment, this.#from));
  }

  /** The first of its times after a moment. */
  nextAfter(moment: number): number | undefined {
    const next = this.pace.next(moment);
    return next !== undefined && next < this.#until ? next : undefined;
  }

  /** The last of its times up to now; there is one, since it is due. */
  latest(now: number): number {
    return this.pace.latest(Math.min(now, this.#until - 1)) ?? this.due!;
  }

  next(count = 1): readonly Date[] {
    return this.#runner.upcoming(this, count);
  }
  runNow(): Promise<Receipt> {
    return this.#runner.runNow(this);
  }
  pause(): void {
    this.#runner.pause(this);
  }
  resume(): void {
    this.#runner.resume(this);
  }
  remove(): void {
    this.#runner.remove(this);
  }
}

/** Reads checked options. */
export function rulesOf({ overlap, missed, jitter, from, until }: ScheduleOptions): Rules {
  const given = [overlap, missed, jitter, from, until];
  if (given.every((each) => each === undefined)) return RULES_DEFAULT;
  return Object.freeze({
    overlap: overlap ?? "skip",
    missed: typeof missed === "object" ? toMs(missed.all, "missed.all") : (missed ?? "skip"),
    jitterMs: jitter === undefined ? 0 : toMs(jitter, "jitter"),
    from: from?.getTime(),
    until: until?.getTime(),
  });
}
