/**
 * Transactions of the application that the transport begins, each on a connection of its own. So many are open at a time that
 * the transport's own work always has connections left; more of them wait for their turn.
 */
import type { Host } from "../runtime/host.js";
import type { Held } from "../transport/holdings.js";
import { StoreError } from "../transport/store-errors.js";
import { Turns } from "../transport/turns.js";
import { pause } from "./answers.js";
import { Begun } from "./begun.js";
import { isConnectionLost, storeError } from "./faults.js";
import { Fates } from "./fates.js";
import type { Link } from "./link.js";
import type { Settings } from "./options.js";
import type { Databases } from "./pools.js";

export interface TransactionsParts {
  readonly host: () => Host;
  readonly link: Link;
  readonly settings: Settings;
  /** What is to be done with what was settled within it. */
  readonly ended: (helds: readonly Held[], isCommitted: boolean) => void;
}

export class Transactions {
  readonly #parts: TransactionsParts;
  readonly #open = new Map<unknown, Begun>();
  readonly #turns: Turns;
  #databases: Databases | undefined;
  #fates: Fates | undefined;
  #count = 0;
  #name: string | undefined;

  constructor(parts: TransactionsParts) {
    this.#parts = parts;
    const { transactions: most, busyMaxMs: waitMaxMs } = parts.settings;
    const late = (): StoreError => new StoreError("postgres", "busy", BUSY);
    this.#turns = new Turns({ host: parts.host, most, waitMaxMs, late });
  }

  open(databases: Databases): void {
    const { host, settings } = this.#parts;
    this.#databases = databases;
    this.#fates = new Fates({ host, database: databases.own, mostMs: settings.answerMaxMs });
  }

  /** The one that has this client. */
  of(client: unknown): Begun | undefined {
    return this.#open.get(client);
  }

  /** Waits for its turn, and for the server, until the signal aborts, or without one for `busyMax`. */
  async begin(signal: AbortSignal | undefined): Promise<Begun> {
    signal?.throwIfAborted();
    const { host, settings } = this.#parts;
    const until = signal === undefined ? host().monotonic() + settings.busyMaxMs : Infinity;
    await this.#turns.take(signal);
    try {
      const begun = await this.#begun(signal, until);
      this.#open.set(begun.client, begun);
      return begun;
    } catch (error) {
      this.#turns.give();
      throw storeError(error);
    }
  }

  /** Rolls back those that are open, and refuses those that wait. */
  async close(): Promise<void> {
    this.#databases = undefined;
    this.#turns.refuse(closed());
    await Promise.all([...this.#open.values()].map((begun) => begun.rollBack()));
  }

  async #begun(signal: AbortSignal | undefined, until: number): Promise<Begun> {
    const { host, link } = this.#parts;
    for (;;)
      try {
        signal?.throwIfAborted();
        const begun = await this.#beginOne();
        link.worked();
        if (this.#databases !== undefined && signal?.aborted !== true) return begun; // else the next turn says why
        await begun.rollBack();
      } catch (error) {
        if (!isConnectionLost(error) || host().monotonic() >= until) throw error;
        await pause(host(), link.failed(storeError(error)), signal);
      }
  }

  async #beginOne(): Promise<Begun> {
    if (this.#databases === undefined) throw closed();
    const { host, settings } = this.#parts;
    const { answerMaxMs, busyMaxMs } = settings;
    this.#name ??= host().idPrefix();
    const begun = new Begun(await this.#databases.begun.connect(), {
      name: `${this.#name}${this.#count++}`,
      limit: { host, ms: answerMaxMs },
      lockMaxMs: busyMaxMs,
      fates: this.#fates!,
      ended: (...end) => this.#ended(...end),
    });
    return begun.begin();
  }

  #ended(begun: Begun, helds: readonly Held[], isCommitted: boolean): void {
    if (this.#open.delete(begun.client)) this.#turns.give();
    this.#parts.ended(helds, isCommitted);
  }
}

function closed(): StoreError {
  return new StoreError("postgres", "busy", CLOSED);
}

const CLOSED = "it was closed before the transaction could begin. Begin it before the bus closes.";
const BUSY =
  "as many transactions of this process are open as `transactions` allows. Shorten them, or raise it.";
