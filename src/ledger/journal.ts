/** The journal: what was decided for each delivery, and why. Off by default; bounded, the oldest entries go. */
import type { Host } from "../runtime/host.js";
import { AgedMap } from "./aged-map.js";

export interface JournalEntry {
  readonly at: Date;
  readonly subscription: string;
  /** `routed`, `filtered`, `deduplicated`, `retried`, `done`, `deadLettered`, `dropped`, … */
  readonly decision: string;
  readonly because: string;
}

export class Journal {
  /* By event, in order of the events' first entries: whole events go, so that no story lacks its beginning. */
  readonly #events = new AgedMap<JournalEntry[]>();
  readonly #max: number;
  readonly #host: Host;
  #size = 0;

  constructor(max: number, host: Host) {
    this.#max = max;
    this.#host = host;
  }

  note(eventId: string, subscription: string, decision: string, because: string): void {
    const entries = this.#events.get(eventId) ?? [];
    if (entries.length === 0) this.#events.set(eventId, entries);
    entries.push(Object.freeze({ at: new Date(this.#host.now()), subscription, decision, because }));
    this.#size++;
    this.#forget();
  }

  of(eventId: string): readonly JournalEntry[] {
    return [...(this.#events.get(eventId) ?? [])];
  }

  /* Of the one event that is left, only its latest entries fit. */
  #forget(): void {
    while (this.#size > this.#max) {
      const { key, value: entries } = this.#events.oldest!;
      const isLast = this.#events.size === 1;
      this.#size -= isLast ? entries.splice(0, this.#size - this.#max).length : entries.length;
      if (!isLast) this.#events.delete(key);
    }
  }
}
