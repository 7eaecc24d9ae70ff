/** The dead letters of a bus in memory: bounded by number and age, in order of arrival. */
import type { Envelope } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import { AgedMap } from "./aged-map.js";

/** One attempt that failed. */
export interface Attempt {
  /** 1 at first. */
  readonly attempt: number;
  readonly at: Date;
  /** Milliseconds. */
  readonly ran: number;
  readonly error: unknown;
}

/** A delivery that ended unhandled and is kept: who failed, why, and after which attempts. */
export interface DeadLetter<E extends AnyEvent = AnyEvent> {
  readonly id: string;
  readonly event: E;
  readonly envelope: Envelope<E>;
  readonly subscription: string;
  /** `failed`, `timeout`, `loop`, `poison`, `undecodable`, `schema`, `parked`, or the handler's own. */
  readonly reason: string;
  readonly at: Date;
  readonly attempts: readonly Attempt[];
  /** What arrived, where it could not be decoded; not shown by a bus that redacts, since nobody can tell what is in it. */
  readonly raw: Uint8Array | undefined;
}

const ELSEWHERE_MAX = 1_000;

export class DeadLetterBox {
  readonly #letters = new AgedMap<DeadLetter>();
  readonly #max: number;
  readonly #maxAgeMs: number;
  /* When others came, which a store keeps: the latest. */
  readonly #elsewhere: number[] = [];
  /** How many went because there were too many, or because they were too old. */
  forgotten = 0;

  constructor(max: number, maxAgeMs: number) {
    this.#max = max;
    this.#maxAgeMs = maxAgeMs;
  }

  size(now: number): number {
    this.#forget(now);
    return this.#letters.size;
  }

  /** One came that a store keeps, and this box does not. */
  keptElsewhere(at: number): void {
    this.#elsewhere.push(at);
    if (this.#elsewhere.length > ELSEWHERE_MAX) this.#elsewhere.shift();
  }

  /** How many came after a moment, of those elsewhere the latest 1,000 at most. */
  since(moment: number): number {
    let count = this.#elsewhere.filter((at) => at > moment).length;
    for (const letter of this.#letters.values()) if (letter.at.getTime() > moment) count++;
    return count;
  }

  add(letter: DeadLetter): void {
    this.#letters.set(letter.id, letter);
    this.#forget(letter.at.getTime());
  }

  get(id: string): DeadLetter | undefined {
    return this.#letters.get(id);
  }

  delete(id: string): boolean {
    return this.#letters.delete(id);
  }

  list(now: number, isWanted: (letter: DeadLetter) => boolean): DeadLetter[] {
    this.#forget(now);
    return [...this.#letters.values()].filter(isWanted);
  }

  #forget(now: number): void {
    for (let { oldest } = this.#letters; oldest !== undefined; oldest = this.#letters.oldest) {
      if (this.#letters.size <= this.#max && oldest.value.at.getTime() + this.#maxAgeMs > now) return;
      this.#letters.delete(oldest.key);
      this.forgotten++;
    }
  }
}
