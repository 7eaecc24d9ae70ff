/** What waits and is not ready before its time: for the rate of its key, or for nobody to take its place. */
import type { Timer, Timers } from "../runtime/timers.js";
import type { Queued } from "./queued.js";

export class Aside<T extends Queued> {
  readonly #timers: Timers;
  readonly #waiting = new Map<T, { readonly timer: Timer; readonly onDue: () => void }>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  put(queued: T, ms: number, onDue: () => void): void {
    const due = (): void => {
      this.#waiting.delete(queued);
      onDue();
    };
    this.#waiting.set(queued, { timer: this.#timers.after(ms, due, "aside"), onDue: due });
  }

  /** Takes one out; answers whether it was here. */
  remove(queued: T): boolean {
    this.#waiting.get(queued)?.timer.cancel();
    return this.#waiting.delete(queued);
  }

  /** The time of those that the test accepts is now. */
  hurry(isHurried: (queued: T) => boolean): void {
    for (const [queued, { timer, onDue }] of this.#waiting)
      if (isHurried(queued)) {
        timer.cancel();
        onDue();
      }
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#waiting.keys();
  }
}
