/** A token bucket on the bus's clock: at most `limit` starts at once, refilled evenly over `interval`. */

export class TokenBucket {
  readonly #limit: number;
  readonly #perMs: number;
  #tokens: number;
  #at: number;

  constructor(limit: number, intervalMs: number, now: number) {
    this.#limit = limit;
    this.#perMs = limit / intervalMs;
    this.#tokens = limit;
    this.#at = now;
  }

  /** Takes a token; answers 0, or the milliseconds until there is one. */
  take(now: number): number {
    this.#tokens = Math.min(this.#limit, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
    /* Rounding must not make a timer wait for a billionth of a token for ever. */
    if (this.#tokens < 1 - 1e-9) return (1 - this.#tokens) / this.#perMs;
    this.#tokens -= 1;
    return 0;
  }
}
