/** The order of a key, as handlers see it: one at a time per subscription, and in the order of acceptance. */
import type { Ledger } from "./ledger.js";

export class KeyOrder {
  readonly #ledger: Ledger;
  readonly #heads = new Map<string, string>();
  readonly #latest = new Map<string, string>();
  readonly #seen = new Set<string>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A handler starts; answers what is wrong with that. */
  started(subscription: string, key: string | undefined, eventId: string): string | undefined {
    if (key === undefined) return undefined;
    const queue = `${subscription} [${key}]`;
    const head = this.#heads.get(queue);
    this.#heads.set(queue, eventId);
    if (head !== undefined && head !== eventId && this.#ledger.endOf(subscription, head) === undefined)
      return `${queue}: ${eventId} starts while ${head} is not final`;
    return this.#isFirst(`${queue} ${eventId}`) ? this.#overtaken(queue, eventId) : undefined;
  }

  /* A replay comes a second time, after whatever has come in between. */
  #isFirst(start: string): boolean {
    const isFirst = !this.#seen.has(start);
    this.#seen.add(start);
    return isFirst;
  }

  #overtaken(queue: string, eventId: string): string | undefined {
    const latest = this.#latest.get(queue);
    this.#latest.set(queue, eventId);
    if (latest === undefined || !this.#ledger.isBefore(eventId, latest)) return undefined;
    return `${queue}: ${eventId} starts after ${latest}, which came later`;
  }
}
