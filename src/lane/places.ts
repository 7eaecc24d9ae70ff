/** The places of a lane: how many are held, who waits for one, and whether it counts as full. */
import { Ring } from "./ring.js";

/** A publish that waits for a place; `granted` runs with the place claimed for it. */
export interface Waiter {
  readonly granted: () => void;
  /** It waits for what was accepted already: `waitingMax` does not count it. */
  readonly isOwed: boolean;
  isGone: boolean;
}

export class Places {
  readonly #capacity: number;
  readonly #onFull: (isFull: boolean) => void;
  readonly #waiters = new Ring<Waiter>();
  #waiting = 0;
  #owed = 0;
  #isFull = false;
  /** Ready, behind a key, waiting for a retry, and claimed: what counts against the capacity. */
  held = 0;

  constructor(capacity: number, onFull: (isFull: boolean) => void) {
    this.#capacity = capacity;
    this.#onFull = onFull;
  }

  /** How many publishes wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How many of them `waitingMax` counts. */
  get waitingUnowed(): number {
    return this.#waiting - this.#owed;
  }

  /** Whether a newcomer finds a place and overtakes nobody. */
  get isOpen(): boolean {
    if (this.held < this.#capacity && this.#waiting === 0) return true;
    if (!this.#isFull) this.#onFull((this.#isFull = true));
    return false;
  }

  isOpenFor(count: number): boolean {
    return this.held + count <= this.#capacity && this.#waiting === 0;
  }

  release(): void {
    this.held--;
    if (this.#waiting > 0) this.#grant();
    if (this.#isFull && this.held <= this.#capacity / 2) this.#onFull((this.#isFull = false));
  }

  wait(waiter: Waiter): void {
    this.#waiters.push(waiter);
    this.#waiting++;
    if (waiter.isOwed) this.#owed++;
  }

  stopWaiting(waiter: Waiter): void {
    if (waiter.isGone) return;
    this.#gone(waiter);
    if (this.#waiters.length > 2 * this.#waiting + 16) this.#waiters.keep((each) => !each.isGone);
  }

  #grant(): void {
    while (this.held < this.#capacity && this.#waiting > 0) {
      const waiter = this.#waiters.shift() as Waiter;
      if (waiter.isGone) continue;
      this.#gone(waiter);
      this.held++;
      waiter.granted();
    }
  }

  #gone(waiter: Waiter): void {
    waiter.isGone = true;
    this.#waiting--;
    if (waiter.isOwed) this.#owed--;
  }
}
