/** The tree of an event and of all that was published inside its deliveries: counted, so that `settled()` never waits for time. */
import type { NotHandled, Tally } from "../delivery/receipt.js";

/** How a delivery can be final. */
export type Final =
  "done" | "deadLettered" | "dropped" | "deduplicated" | "filtered" | "expired" | "abandoned";

type Counts = { -readonly [K in Exclude<keyof Tally, "notHandled">]: number };

const LISTED_MAX = 1_000;

export class Tree {
  /* Most trees see nothing but handled deliveries: those cost two numbers. */
  #pending: number;
  #done = 0;
  #rest: Counts | undefined;
  #notHandled: NotHandled[] | undefined;
  #settled: (() => void)[] | undefined;

  /** `pending`: how much of it is not final from the beginning. */
  constructor(pending = 0) {
    this.#pending = pending;
  }

  /** Something of the tree is not final yet. */
  opened(): void {
    this.#pending++;
  }

  /** Something that had been opened is final. */
  closed(): void {
    if (--this.#pending > 0 || this.#settled === undefined) return;
    const settled = this.#settled;
    this.#settled = undefined;
    for (const each of settled) each();
  }

  /** A delivery was handled. */
  done(): void {
    this.#done++;
    this.closed();
  }

  /** A delivery ended in another way, or an event found nobody. */
  count(what: keyof Counts, facts?: NotHandled): void {
    this.#rest ??= noCounts();
    this.#rest[what]++;
    if (facts === undefined) return;
    this.#notHandled ??= [];
    if (this.#notHandled.length < LISTED_MAX) this.#notHandled.push(Object.freeze(facts));
  }

  /** Resolves when everything is final; rejects with the signal's reason when that aborts first. */
  settled(signal: AbortSignal | undefined): Promise<Tally> {
    if (this.#pending === 0) return Promise.resolve(this.#tally());
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const stop = (): void => {
        this.#settled = this.#settled?.filter((each) => each !== done);
        reject(signal?.reason as Error);
      };
      const done = (): void => {
        signal?.removeEventListener("abort", stop);
        resolve(this.#tally());
      };
      (this.#settled ??= []).push(done);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  #tally(): Tally {
    const rest = this.#rest ?? noCounts();
    return Object.freeze({
      ...rest,
      done: rest.done + this.#done,
      notHandled: Object.freeze([...(this.#notHandled ?? [])]),
    });
  }
}

function noCounts(): Counts {
  return {
    done: 0,
    deadLettered: 0,
    dropped: 0,
    deduplicated: 0,
    filtered: 0,
    expired: 0,
    abandoned: 0,
    unhandled: 0,
  };
}
