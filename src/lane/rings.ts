/** What is ready to run: a ring per priority, made when first used. */
import { Ring } from "./ring.js";
import type { Queued } from "./queued.js";

const HIGHEST = 7;
/* Every sixteenth turn goes to the lowest priority that waits, so that it moves under any load. */
const LOWEST_TURN = 16;

export class Rings<T extends Queued> {
  readonly #rings: (Ring<T> | undefined)[] = Array<Ring<T> | undefined>(HIGHEST + 1).fill(undefined);
  #length = 0;
  /* Entries whose delivery has ended meanwhile: passed over when they come up, swept when they are many. */
  #ended = 0;
  #turn = 0;

  /** How many are ready. */
  get length(): number {
    return this.#length - this.#ended;
  }

  push(queued: T): void {
    (this.#rings[queued.priority] ??= new Ring<T>()).push(queued);
    this.#length++;
  }

  /** The next to run. */
  shift(): T | undefined {
    while (this.#length > 0) {
      const entry = this.#turnRing().shift() as T;
      this.#length--;
      const queued = (entry.successor ?? entry) as T;
      if (queued.standing !== "ended") return queued;
      this.#ended--;
    }
    return undefined;
  }

  /** Says that the delivery of an entry in here has ended. */
  ended(): void {
    this.#ended++;
    if (this.#ended > 32 && this.#ended > this.#length / 2) this.#sweep();
  }

  /** Takes out everything that is ready. */
  *drain(): Generator<T> {
    for (let next = this.shift(); next !== undefined; next = this.shift()) yield next;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const ring of this.#rings)
      for (const entry of ring ?? []) {
        const queued = (entry.successor ?? entry) as T;
        if (queued.standing !== "ended") yield queued;
      }
  }

  #turnRing(): Ring<T> {
    const isLowest = ++this.#turn % LOWEST_TURN === 0;
    for (let at = 0; at <= HIGHEST; at++) {
      const ring = this.#rings[isLowest ? at : HIGHEST - at];
      if (ring !== undefined && ring.length > 0) return ring;
    }
    throw new Error("Expected a ring to hold what the count says. Please report this.");
  }

  #sweep(): void {
    for (const ring of this.#rings)
      ring?.keep((entry) => ((entry.successor ?? entry) as T).standing !== "ended");
    this.#length -= this.#ended;
    this.#ended = 0;
  }
}
