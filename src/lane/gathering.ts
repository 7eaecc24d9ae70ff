/** Holds a lane of batches back until a batch has come together, or until the first of it has waited long enough. */
import type { Timer, Timers } from "../runtime/timers.js";
import type { Queued } from "./queued.js";

export class Gathering<T extends Queued> {
  /** What runs, in batches. */
  readonly running: Set<T> = new Set();
  readonly #size: number;
  readonly #waitMs: number;
  readonly #timers: Timers;
  readonly #onDue: () => void;
  #timer: Timer | undefined;
  #isDue = false;
  #isHurried = false;

  constructor(batch: { size: number; waitMs: number }, timers: Timers, onDue: () => void) {
    this.#size = batch.size;
    this.#waitMs = batch.waitMs;
    this.#timers = timers;
    this.#onDue = onDue;
  }

  /** Whether only a timer or more of them let a batch start. */
  isHolding(ready: number): boolean {
    return this.#timer !== undefined && ready < this.#size;
  }

  /** Whether a slot has something to do: to start a batch, or to begin to wait for one. */
  isStarting(ready: number): boolean {
    return !this.isHolding(ready);
  }

  /** Whether a batch may start now; sets the timer of one that is not full. */
  mayStart(ready: number): boolean {
    if (ready >= this.#size || this.#isDue || this.#isHurried) return true;
    this.#wait();
    return false;
  }

  /** A batch was taken, and so many are left; what is due stays due until nothing is left of it. */
  taken(ready: number): void {
    this.stop();
    if (ready === 0) this.#isDue = false;
    else if (ready < this.#size && !this.#isDue && !this.#isHurried) this.#wait();
  }

  /** From now on nothing waits. */
  hurry(): void {
    this.#isHurried = true;
    this.stop();
    this.#onDue();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wait(): void {
    this.#timer ??= this.#timers.after(this.#waitMs, () => this.#due(), "batch");
  }

  #due(): void {
    this.#timer = undefined;
    this.#isDue = true;
    this.#onDue();
  }
}
