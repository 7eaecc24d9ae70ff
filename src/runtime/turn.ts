/**
 * One turn of the event loop, shared by every lane and bus of the process: its clock, read once, and its time budget,
 * after which whoever drains gives the loop back.
 */
import type { Host } from "./host.js";

/* A timer may be late by 10 ms and one handler; lanes of the whole process share this much of it. */
const BUDGET_MS = 2;
/* Reading the clock costs as much as awaiting a handler, so it is read for one delivery in eight while they are quick. */
const UNREAD_MAX = 8;

/** Both clocks, read once: an object that all who ask in one turn share, so that what waits holds no numbers of its own. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly wall: number;
  /** Milliseconds that only go forward. */
  readonly monotonic: number;
  /** The turn that it was read in. */
  readonly turn: number;
}

export class Turn {
  /** Counts turns that somebody took part in; two equal numbers mean that no turn has ended in between. */
  number = 0;
  /** Publishes that have begun and not come back yet, one inside the other, in all buses. */
  publishes = 0;
  #scheduled = false;
  #moment: Moment | undefined;
  #started: number | undefined;
  #read = 0;
  #unread = 0;
  #unreadMax = 1;
  #isSpent = false;
  #ended: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  readonly #host: Pick<Host, "now" | "monotonic" | "macrotask">;

  constructor(host: Pick<Host, "now" | "monotonic" | "macrotask">) {
    this.#host = host;
  }

  /** The clocks of this turn. */
  moment(): Moment {
    return this.#moment ?? this.#readClocks();
  }

  /** Milliseconds since the epoch, read once per turn. */
  now(): number {
    return this.moment().wall;
  }

  /** Milliseconds that only go forward, read once per turn. */
  monotonic(): number {
    return this.moment().monotonic;
  }

  /** Whether the budget of this turn is used up; the caller then awaits `end()` before it goes on. */
  isSpent(): boolean {
    if (++this.#unread < this.#unreadMax) return this.#isSpent;
    this.#unread = 0;
    return this.#readBudget();
  }

  /** Resolves when the event loop has been round. */
  end(): Promise<void> {
    this.#schedule();
    this.#ended ??= new Promise((resolve) => (this.#resolve = resolve));
    return this.#ended;
  }

  /** Forgets the clock's readings: for whoever moves a clock by hand. */
  reread(): void {
    this.#moment = undefined;
  }

  #readClocks(): Moment {
    this.#schedule();
    const { number } = this;
    return (this.#moment = { wall: this.#host.now(), monotonic: this.#host.monotonic(), turn: number });
  }

  #readBudget(): boolean {
    const now = this.#host.monotonic();
    if (this.#started === undefined) {
      this.#started = now;
      this.#schedule();
    }
    this.#unreadMax = now - this.#read < BUDGET_MS / 4 ? Math.min(this.#unreadMax * 2, UNREAD_MAX) : 1;
    this.#read = now;
    this.#isSpent = now - this.#started >= BUDGET_MS;
    return this.#isSpent;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#host.macrotask(() => this.#over());
  }

  #over(): void {
    this.#scheduled = false;
    this.number++;
    this.reread();
    this.#started = undefined;
    this.#isSpent = false;
    const resolve = this.#resolve;
    this.#ended = undefined;
    this.#resolve = undefined;
    resolve?.();
  }
}
