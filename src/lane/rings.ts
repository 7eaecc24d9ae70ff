/** What is ready to run: a ring per priority, made when first used. */
import { Ring } from "./ring.js";
import type { Queued, Seed } from "./queued.js";

const PRIORITIES = 8;
/* Every sixteenth turn goes to the lowest priority that waits, so that it moves under any load. */
const LOWEST_TURN = 16;

export class Rings<T extends Queued> {
  readonly #rings: (Ring<T | Seed> | undefined)[] = Array<Ring<T | Seed> | undefined>(PRIORITIES).fill(
    undefined,
  );
  #length = 0;
  #filled = 0;
  /* Entries whose delivery has ended meanwhile: passed over when they come up, swept when they are many. */
  #ended = 0;
  #turn = 0;

  /** How many are ready. */
  get length(): number {
    return this.#length - this.#ended;
  }

  push(entry: T | Seed): void {
    const { priority } = entry;
    (this.#rings[priority] ??= new Ring<T | Seed>()).push(entry);
    this.#filled |= 1 << priority;
    this.#length++;
  }

  /** The next to run. */
  shift(): T | Seed | undefined {
    while (this.#length > 0) {
      const entry = this.#takeEntry();
      if (isSeed(entry)) return entry;
      const queued = succeeded(entry);
      if (queued.standing !== "ended") return queued;
      this.#ended--;
    }
    return undefined;
  }

  /** Turns every seed into a delivery, where it stands. */
  grow(grow: (seed: Seed) => T): void {
    for (const ring of this.#rings) ring?.replace((entry) => (isSeed(entry) ? grow(entry) : entry));
  }

  /** Says that the delivery of an entry in here has ended. */
  ended(): void {
    this.#ended++;
    if (this.#ended > 32 && this.#ended > this.#length / 2) this.#sweep();
  }

  *[Symbol.iterator](): Generator<T | Seed> {
    for (const ring of this.#rings)
      for (const entry of ring ?? []) {
        const queued = isSeed(entry) ? entry : succeeded(entry);
        if (queued.standing !== "ended") yield queued;
      }
  }

  /* The rings that hold something are bits of a number: finding one costs the same with eight priorities as with one. */
  #turnPriority(): number {
    const filled = this.#filled;
    const isLowest = ++this.#turn % LOWEST_TURN === 0;
    return 31 - Math.clz32(isLowest ? filled & -filled : filled);
  }

  #takeEntry(): T | Seed {
    const priority = this.#turnPriority();
    const ring = this.#rings[priority]!;
    const entry = ring.shift() as T | Seed;
    if (ring.length === 0) this.#filled &= ~(1 << priority);
    this.#length--;
    return entry;
  }

  #sweep(): void {
    this.#rings.forEach((ring, priority) => {
      ring?.keep((entry) => isSeed(entry) || succeeded(entry).standing !== "ended");
      if (ring?.length === 0) this.#filled &= ~(1 << priority);
    });
    this.#length -= this.#ended;
    this.#ended = 0;
  }
}

export function isSeed<T extends Queued>(entry: T | Seed): entry is Seed {
  return entry.standing === undefined;
}

function succeeded<T extends Queued>(entry: T): T {
  return (entry.successor ?? entry) as T;
}
