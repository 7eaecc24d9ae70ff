/** Who came when, where somebody may have to go for a newcomer: one order of all, or one of each priority. */
import type { Queued } from "./queued.js";
import { Ring } from "./ring.js";

export class Arrivals<T extends Queued> {
  readonly #isByPriority: boolean;
  /* The lowest priority first. */
  readonly #rings: (Ring<T> | undefined)[] = [];

  constructor(isByPriority: boolean) {
    this.#isByPriority = isByPriority;
  }

  add(queued: T, waiting: number): void {
    const ring = (this.#rings[this.#isByPriority ? queued.priority : 0] ??= new Ring<T>());
    /* One that waits behind a long-running head would keep all that came after it in here. */
    if (ring.length > 2 * waiting + 16) ring.keep(mayGo);
    ring.push(queued);
  }

  /** Who goes for a newcomer: the oldest that never started, of the lowest priority below the newcomer's where that counts. */
  firstToGo(newcomer: T): T | undefined {
    if (!this.#isByPriority) return firstIn(this.#rings[0]);
    for (let priority = 0; priority < newcomer.priority; priority++) {
      const first = firstIn(this.#rings[priority]);
      if (first !== undefined) return first;
    }
    return undefined;
  }
}

function firstIn<T extends Queued>(ring: Ring<T> | undefined): T | undefined {
  for (let first = ring?.peek(); first !== undefined; first = ring?.peek()) {
    if (mayGo(first)) return first;
    ring?.shift();
  }
  return undefined;
}

function mayGo({ standing, attempts }: Queued): boolean {
  return standing === "waiting" && attempts === 0;
}
