/** The handlers that run right now, for whoever waits for them in vain. */
import type { Delivery } from "../index.js";
import { processRuntime } from "../runtime/runtime.js";

export interface Working {
  readonly delivery: Delivery;
  /** Milliseconds of real time. */
  readonly realSince: number;
  /** Milliseconds of the bus's clock. */
  readonly since: number;
}

export class AtWork {
  readonly #working = new Set<Working>();
  /** When one began or ended last, in milliseconds of real time. */
  lastAt = 0;
  readonly #now: () => number;

  /** `now` is the clock of the bus, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#working.size;
  }

  /** A handler begins; the answer ends it. */
  begin(delivery: Delivery): () => void {
    const working = { delivery, realSince: real(), since: this.#now() };
    this.#working.add(working);
    this.lastAt = working.realSince;
    return () => {
      this.#working.delete(working);
      this.lastAt = real();
    };
  }

  all(): readonly Working[] {
    return [...this.#working];
  }
}

function real(): number {
  return processRuntime.host.monotonic();
}
