/** Where handlers of a case wait until it lets them go. */
import type { PassingTime } from "./passing-time.js";

export class Gate {
  /** The most that waited at once. */
  most = 0;
  readonly #time: PassingTime;
  readonly #waiting: (() => void)[] = [];
  #isOpen = false;

  constructor(time: PassingTime) {
    this.#time = time;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is opened, or one is let through. */
  pass(): Promise<void> {
    if (this.#isOpen) return Promise.resolve();
    const passed = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.most = Math.max(this.most, this.waiting);
    return passed;
  }

  letOne(): void {
    this.#waiting.shift()?.();
  }

  /** For good. */
  open(): void {
    this.#isOpen = true;
    for (const each of this.#waiting.splice(0)) each();
  }

  /** Waits until so many wait here. */
  holds(count: number): Promise<void> {
    return this.#time.until(
      () => this.waiting >= count,
      () => `${this.waiting} of ${count} handlers have begun`,
    );
  }
}
