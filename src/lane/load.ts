/** How busy a lane is: what came, what ran and how long, over the last ten to twenty seconds. */

/** Since the lane was made. */
export interface Totals {
  /** On the monotonic clock. */
  readonly at: number;
  /** Deliveries that came, those that were dropped at once and publishes that wait included; retries that are due too. */
  readonly arrived: number;
  /** Attempts. */
  readonly ended: number;
  /** Milliseconds that they ran, all together. */
  readonly ranMs: number;
  /** Whether nothing is here now. */
  readonly isIdle: boolean;
}

/** What lies between two totals. */
export interface Rates {
  readonly arrivalsPerMs: number;
  /** Of an attempt; 0 where none ended. */
  readonly serviceMs: number;
  /** How many slots were taken on average. */
  readonly busy: number;
}

const WINDOW_MS = 10_000;

export class Load {
  /** Deliveries that came and ended without an attempt. */
  gone = 0;
  ranMs = 0;
  /** When the next mark is due, on the monotonic clock. */
  markAt: number;
  #older: Totals;
  #newer: Totals;

  constructor(now: number) {
    this.#older = this.#newer = { at: now, arrived: 0, ended: 0, ranMs: 0, isIdle: true };
    this.markAt = now + WINDOW_MS;
  }

  /** The window begins at the mark before the last. */
  mark(totals: Totals): void {
    /* Nothing has started for a whole window, or there would be a mark; and nothing stands here for want of a slot. */
    const isCalm = totals.isIdle && totals.at - this.#newer.at >= 2 * WINDOW_MS;
    this.#older = isCalm ? { ...totals, at: totals.at - WINDOW_MS } : this.#newer;
    this.#newer = totals;
    this.markAt = totals.at + WINDOW_MS;
  }

  rates(totals: Totals): Rates {
    if (totals.at >= this.markAt) this.mark(totals);
    return ratesBetween(this.#older, totals);
  }
}

export function ratesBetween(from: Totals, to: Totals): Rates {
  const ms = to.at - from.at;
  const ended = to.ended - from.ended;
  const ran = to.ranMs - from.ranMs;
  return {
    arrivalsPerMs: ms > 0 ? Math.max(0, to.arrived - from.arrived) / ms : 0,
    serviceMs: ended > 0 ? ran / ended : 0,
    busy: ms > 0 ? ran / ms : 0,
  };
}
