/** What is ready to run: a ring per priority, made when first used. */
import { Ring } from "./ring.js";
import type { Queued } from "./queued.js";

const PRIORITIES = 8;
/* Every sixteenth turn goes to the lowest priority that waits, so that it moves under any load. */
const LOWEST_TURN = 16;

export class Rings<T extends Queued> {
  readonly #rings: (Ring<T> | undefined)[] = Array<Ring<T> | undefined>(PRIORITIES).fill(undefined);
  #length = 0;
  #filled = 0;
  /* Entries whose delivery has ended meanwhile: passed over when they come up, swept when they are many. */
  #ended = 0;
  #turn = 0;

  /** How many are ready. */
  get length(): number {
    return this.#length - this.#ended;
  }

  push(queued: T): void {
    (this.#rings[queued.priority] ??= new Ring<T>()).push(queued);
    this.#filled |= 1 << queued.priority;
    this.#length++;
  }

  /** The next to run. */
  shift(): T | undefined {
    while (this.#length > 0) {
      const entry = this.#takeEntry();
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

  *[Symbol.iterator](): Generator<T> {
    for (const ring of this.#rings)
      for (const entry of ring ?? []) {
        const queued = (entry.successor ?? entry) as T;
        if (queued.standing !== "ended") yield queued;
      }
  }

  /* The rings that hold something are bits of a number: finding one costs the same with eight priorities as with one. */
  #turnPriority(): number {
    const filled = this.#filled;
    const isLowest = ++this.#turn % LOWEST_TURN === 0;
    return 31 - Math.clz32(isLowest ? filled & -filled : filled);
  }

  #takeEntry(): T {
    const priority = this.#turnPriority();
    const ring = this.#rings[priority]!;
    const entry = ring.shift() as T;
    if (ring.length === 0) this.#filled &= ~(1 << priority);
    this.#length--;
    return entry;
  }

  #sweep(): void {
    this.#rings.forEach((ring, priority) => {
      ring?.keep((entry) => ((entry.successor ?? entry) as T).standing !== "ended");
      if (ring?.length === 0) this.#filled &= ~(1 << priority);
    });
    this.#length -= this.#ended;
    this.#ended = 0;
  }
}
