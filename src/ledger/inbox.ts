/** What a subscription has had already. The first delivery owns its key until it is final; done keeps it for the window. */
import { AgedMap } from "./aged-map.js";

export class Inbox {
  /* Bounded by the lane, whose deliveries they are: to forget one would let its duplicate run beside it. */
  readonly #owners = new Map<string, object>();
  /* Until when a key is kept, in order of that moment: the oldest go first. */
  readonly #kept = new AgedMap<number>();
  readonly #windowMs: number;
  readonly #max: number;

  constructor(windowMs: number, max: number) {
    this.#windowMs = windowMs;
    this.#max = max;
  }

  get size(): number {
    return this.#owners.size + this.#kept.size;
  }

  /** Whether the delivery may go on: nobody else owns the key, and it was not handled within the window. */
  claim(key: string, owner: object, now: number): boolean {
    const known = this.#owners.get(key);
    if (known !== undefined) return known === owner;
    if ((this.#kept.get(key) ?? -Infinity) > now) return false;
    this.#kept.delete(key);
    this.#owners.set(key, owner);
    return true;
  }

  /** The owner was handled: the key is kept for the window. */
  keep(key: string, owner: object, now: number): void {
    if (this.#owners.get(key) !== owner) return;
    this.#owners.delete(key);
    this.#kept.set(key, now + this.#windowMs);
    this.#forget(now);
  }

  /** The owner ended unhandled: the next with this key may try. */
  free(key: string, owner: object): void {
    if (this.#owners.get(key) === owner) this.#owners.delete(key);
  }

  /* Two looks per newcomer keep up with any rate. */
  #forget(now: number): void {
    for (let looks = 0; looks < 2; looks++) {
      const { oldest } = this.#kept;
      if (oldest === undefined || (oldest.value > now && this.#kept.size <= this.#max)) return;
      this.#kept.delete(oldest.key);
    }
  }
}
