/** The times of a schedule, and the clock that they are times of. */
import type { Calendar, CronTimes } from "./calendar.js";

/** Both clocks, in milliseconds: of the wall, and one that nobody sets. */
export interface Clocks {
  readonly wall: number;
  readonly steady: number;
}

export interface Pace {
  readonly clock: keyof Clocks;
  /** Counts from here where it counts from anything. */
  anchor(at: number): void;
  /** The first time after a moment of its clock; undefined where there is none. */
  next(after: number): number | undefined;
  /** The last time that is not after a moment of its clock. */
  latest(now: number): number | undefined;
}

/** A cron expression: times of the day are the wall's. */
export class CronPace implements Pace, CronTimes {
  readonly expression: string;
  readonly timeZone: string;
  readonly #calendar: Calendar;

  constructor(calendar: Calendar, { expression, timeZone }: CronTimes) {
    this.#calendar = calendar;
    this.expression = expression;
    this.timeZone = timeZone;
  }

  get clock(): "wall" {
    return "wall";
  }

  anchor(): void {}

  next(after: number): number | undefined {
    return this.#calendar.next(this, after);
  }

  latest(now: number): number | undefined {
    return this.#calendar.latest(this, now);
  }
}

/** Equal intervals: whole milliseconds from a whole millisecond, so that they do not drift. */
export class IntervalPace implements Pace {
  readonly clock: keyof Clocks = "steady";
  readonly #every: number;
  #anchor = 0;

  constructor(ms: number) {
    this.#every = Math.max(1, Math.round(ms));
  }

  anchor(at: number): void {
    this.#anchor = Math.round(at);
  }

  next(after: number): number {
    return this.latest(after) + this.#every;
  }

  latest(now: number): number {
    return this.#anchor + Math.floor((now - this.#anchor) / this.#every) * this.#every;
  }
}

/** The same for all processes: intervals of the wall's clock, from a moment that all know. */
export class SharedIntervalPace extends IntervalPace {
  override readonly clock = "wall";

  constructor(ms: number, from: Date | undefined) {
    super(ms);
    super.anchor(from?.getTime() ?? 0);
  }

  override anchor(): void {}
}
