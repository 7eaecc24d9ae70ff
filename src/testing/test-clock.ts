/** The clock of a test bus: it stands still until it is moved, and everything that is due runs on the way. */
import { type Duration, toMs } from "../runtime/duration.js";
import type { VirtualTime } from "./virtual-time.js";

/** Moves the time of a test bus. What is due runs in order, and each has come to rest before the next. */
export interface TestClock {
  /** The time of the bus; it begins at 2026-01-01T00:00:00Z. */
  now(): Date;
  /** Moves the clock, and runs what is due until then: retries, delays, timeouts, rates. */
  advance(by: Duration): Promise<void>;
  /** Moves the clock to the next timer and runs it; does nothing where none is set. */
  next(): Promise<void>;
  /** Runs timers until none is left; an error after 10,000. */
  runAll(): Promise<void>;
}

const FIRINGS_MAX = 10_000;

export class HandMovedClock implements TestClock {
  readonly #time: VirtualTime;
  readonly #rest: (call: string) => Promise<void>;
  #moving = 0;

  /** `rest` resolves when nothing goes on but by the clock. */
  constructor(time: VirtualTime, rest: (call: string) => Promise<void>) {
    this.#time = time;
    this.#rest = rest;
  }

  now(): Date {
    return new Date(this.#time.now);
  }

  /** Whether a call has not come back yet. */
  get isMoving(): boolean {
    return this.#moving > 0;
  }

  advance(by: Duration): Promise<void> {
    return this.#while(async () => {
      const until = this.#time.elapsed + toMs(by, "clock.advance");
      await this.#run("clock.advance()", () => until);
      this.#time.jump(Math.max(0, until - this.#time.elapsed));
      await this.#rest("clock.advance()");
    });
  }

  next(): Promise<void> {
    return this.#while(() => this.#run("clock.next()", (fired) => (fired === 0 ? Infinity : -1)));
  }

  runAll(): Promise<void> {
    return this.#while(() => this.#run("clock.runAll()", () => Infinity));
  }

  /* Runs timers while the next is due by the time that `until` says. */
  async #run(call: string, until: (fired: number) => number): Promise<void> {
    await this.#rest(call);
    for (let fired = 0; this.#time.nextDue !== undefined && this.#time.nextDue <= until(fired); fired++) {
      if (fired === FIRINGS_MAX) throw new Error(endless(call));
      this.#time.runNext();
      await this.#rest(call);
    }
  }

  async #while(work: () => Promise<void>): Promise<void> {
    this.#moving++;
    try {
      await work();
    } finally {
      this.#moving--;
    }
  }
}

function endless(call: string): string {
  return `${call} has run ${FIRINGS_MAX.toLocaleString("en")} timers, and there are more: something sets a new one each time, such as a retry without end. Limit it, or advance the clock by less.`;
}
