/** What a subscription has had already. The first delivery owns its key until it is final; done keeps it for the window. */

export class Inbox {
  /* In order of their last change, so that the oldest go first: an owner, or until when the key is kept. */
  readonly #keys = new Map<string, object | number>();
  readonly #windowMs: number;
  readonly #max: number;

  constructor(windowMs: number, max: number) {
    this.#windowMs = windowMs;
    this.#max = max;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Whether the delivery may go on: nobody owns the key, and it was not handled within the window. */
  claim(key: string, owner: object, now: number): boolean {
    const known = this.#keys.get(key);
    if (typeof known === "object" ? known !== owner : known !== undefined && known > now) return false;
    this.#set(key, owner);
    this.#forget(now);
    return true;
  }

  /** The owner was handled: the key is kept for the window. */
  keep(key: string, owner: object, now: number): void {
    if (this.#keys.get(key) === owner) this.#set(key, now + this.#windowMs);
  }

  /** The owner ended unhandled: the next with this key may try. */
  free(key: string, owner: object): void {
    if (this.#keys.get(key) === owner) this.#keys.delete(key);
  }

  #set(key: string, value: object | number): void {
    this.#keys.delete(key);
    this.#keys.set(key, value);
  }

  /* Two looks per newcomer keep up with any rate; past the maximum the oldest goes, whatever it is. */
  #forget(now: number): void {
    let looks = 2;
    for (const [key, until] of this.#keys) {
      const isOver = typeof until === "number" && until <= now;
      if (!isOver && this.#keys.size <= this.#max) return;
      this.#keys.delete(key);
      if (--looks === 0) return;
    }
  }
}
