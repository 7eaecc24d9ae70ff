/** The dead letters of a bus, as applications see them: one list over memory and every store. */
import type { Receipt } from "../delivery/receipt.js";
import type { AnyEvent, EventClass, EventOf, Events } from "../event/event.js";
import type { DeadLetter } from "../ledger/dead-letter-box.js";
import { type Edit, named } from "./edit.js";
import { type DeadLetterFilter, wantedBy } from "./letter-filter.js";
import { MemoryLetters, type MemoryLetterParts, unknownSubscription } from "./memory-letters.js";
import type { OpenStores } from "./stored-port.js";
import { StoreLetters } from "./store-letters.js";

export type { DeadLetterFilter } from "./letter-filter.js";

/** Asynchronous where a store may be asked, which has to be open: before `start()` and after `close()` such calls reject. */
export interface DeadLetters {
  /** How many this process keeps in memory. What a store keeps is not among them: `count()` counts all. */
  readonly size: number;
  /** How many there are, those of stores included; reads them all. */
  count(filter?: DeadLetterFilter<Events>): Promise<number>;
  /** Oldest first, also those that other processes left in a store; what `redact` names is hidden. */
  list<const C extends Events = EventClass>(
    filter?: DeadLetterFilter<C> & {
      /** So many of the oldest. Defaults to all. */
      limit?: number | undefined;
    },
  ): Promise<DeadLetter<EventOf<C>>[]>;
  /** To the one subscription that failed, with new attempts; `edit` gives another event in its place. Passes dedupe and parking. */
  replay<E extends AnyEvent>(
    letter: DeadLetter<E>,
    options?: { edit?: ((event: E) => E) | undefined },
  ): Promise<Receipt>;
  /** Forgets it; the reason goes into the journal. */
  discard(letter: DeadLetter, reason: string): Promise<void>;
  /** What was parked of a key goes on, in order; answers how many. */
  resume(subscription: string, key: string): Promise<number>;
}

export interface DeadLetterParts extends MemoryLetterParts {
  /** Throws where the bus takes nothing. */
  readonly checkOpen: () => void;
  readonly openStores: OpenStores;
}

export class KeptDeadLetters implements DeadLetters {
  readonly #parts: DeadLetterParts;
  readonly #memory: MemoryLetters;
  readonly #stored: StoreLetters;

  constructor(parts: DeadLetterParts) {
    this.#parts = parts;
    this.#memory = new MemoryLetters(parts);
    this.#stored = new StoreLetters(parts);
  }

  get size(): number {
    return this.#memory.size;
  }

  async count(filter: DeadLetterFilter<Events> = {}): Promise<number> {
    const here = this.#memory.list(wantedBy(filter)).length;
    return here + (await this.#stored.count(filter));
  }

  async list<const C extends Events = EventClass>(
    filter: DeadLetterFilter<C> & { limit?: number | undefined } = {},
  ): Promise<DeadLetter<EventOf<C>>[]> {
    const { limit = Infinity } = filter;
    const here = this.#memory.list(wantedBy(filter)).map((letter) => this.#shown(letter));
    const stored = await this.#stored.list(filter, limit, (letter) => this.#shown(letter));
    const letters = [...here, ...stored].toSorted((a, b) => a.at.getTime() - b.at.getTime());
    return letters.slice(0, limit) as unknown as DeadLetter<EventOf<C>>[];
  }

  async replay<E extends AnyEvent>(
    letter: DeadLetter<E>,
    options: { edit?: ((event: E) => E) | undefined } = {},
  ): Promise<Receipt> {
    this.#parts.checkOpen();
    const edit = options.edit as Edit | undefined;
    if (this.#memory.has(letter)) return this.#memory.replay(letter, edit);
    return (await this.#stored.replay(letter, edit)) ?? gone(letter);
  }

  async discard(letter: DeadLetter, reason: string): Promise<void> {
    if (this.#memory.has(letter)) this.#memory.discard(letter);
    else if (!(await this.#stored.discard(letter))) gone(letter);
    this.#parts.facilities.journal?.note(letter.envelope.id, letter.subscription, "discarded", reason);
  }

  async resume(subscription: string, key: string): Promise<number> {
    this.#parts.checkOpen();
    const route = this.#parts.registry.route(subscription);
    const here = route === undefined ? 0 : this.#memory.resume(route, key);
    const stored = await this.#stored.resume(subscription, key);
    if (route === undefined && stored === undefined) throw unknownSubscription(subscription);
    return here + (stored ?? 0);
  }

  #shown(letter: DeadLetter): DeadLetter {
    const { redaction } = this.#parts.facilities;
    if (redaction.isEmpty) return letter;
    const event = redaction.shown(letter.event);
    return Object.freeze({
      ...letter,
      event,
      envelope: Object.freeze({ ...letter.envelope, data: event as object }),
      raw: undefined,
    }) as DeadLetter;
  }
}

function gone(letter: DeadLetter): never {
  throw new TypeError(
    `${named(letter)} is not kept any more: it was replayed, discarded, or too old. List them again.`,
  );
}
