/** A token bucket for each key, on the bus's clock; a key whose bucket is full again costs nothing. */

/* Rounding must not make a timer wait for a billionth of a token for ever. */
const ROUNDING_MS = 1e-6;

export class KeyRate {
  readonly #perStartMs: number;
  /* How far ahead of now a bucket may be full again for one more start. */
  readonly #aheadMaxMs: number;
  /* When the bucket of each key will be full again; the key that started last stands last. */
  readonly #fullAt = new Map<string, number>();

  constructor(limit: number, intervalMs: number) {
    this.#perStartMs = intervalMs / limit;
    this.#aheadMaxMs = intervalMs - this.#perStartMs;
  }

  /** How many keys it remembers: those that started something within the interval before the latest start. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes a token of the key; answers 0, or the milliseconds until there is one. */
  take(key: string, now: number): number {
    this.#forgetFull(now);
    const fullAt = Math.max(now, this.#fullAt.get(key) ?? now);
    const wait = fullAt - now - this.#aheadMaxMs;
    if (wait > ROUNDING_MS) return wait;
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt + this.#perStartMs);
    return 0;
  }

  #forgetFull(now: number): void {
    for (const [key, fullAt] of this.#fullAt) {
      if (fullAt > now) return;
      this.#fullAt.delete(key);
    }
  }
}
