/**
 * Transactions of the application that the transport begins: one at a time, since SQLite has one writer, and each on a
 * connection of its own, so that nothing else slips into it. The connection is closed with it: what is left of the work
 * finds it closed, and cannot write outside of the transaction or into the next one.
 */
import type { Host } from "../runtime/host.js";
import type { Held } from "../transport/holdings.js";
import { StoreError } from "../transport/store-errors.js";
import { Turns } from "../transport/turns.js";
import { Begun } from "./begun.js";
import type { Connection } from "./connection.js";
import { isBusy, storeError } from "./faults.js";

export interface TransactionsParts {
  readonly host: () => Host;
  readonly busyMaxMs: number;
  /** Another connection to the same file. */
  readonly connect: () => Connection;
  /** What is to be done with what was settled within it, and that others may write again. */
  readonly ended: (helds: readonly Held[], isCommitted: boolean) => void;
}

const RETRY_MS = 10;

export class Transactions {
  readonly #parts: TransactionsParts;
  readonly #turns: Turns;
  /* Whoever waits for the lock finds out by it that nobody wants it any more. */
  #closes = 0;
  #open: Begun | undefined;

  constructor(parts: TransactionsParts) {
    this.#parts = parts;
    const late = (): StoreError => new StoreError("sqlite", "busy", BUSY);
    this.#turns = new Turns({ host: parts.host, most: 1, waitMaxMs: parts.busyMaxMs, late });
  }

  /** Whether one holds the write lock now. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** The one that has this client. */
  of(client: unknown): Begun | undefined {
    return this.#open?.client === client ? this.#open : undefined;
  }

  /**
   * Waits for its turn, then for other processes: until the signal aborts, since a delivery has not failed because others
   * write; without one for `busyMax` each.
   */
  async begin(signal: AbortSignal | undefined): Promise<Begun> {
    signal?.throwIfAborted();
    const closes = this.#closes;
    await this.#turns.take(signal);
    try {
      return (this.#open = await this.#begun(signal, closes));
    } catch (error) {
      this.#next();
      throw storeError(error);
    }
  }

  /** Rolls back the one that is open, and refuses those that wait. */
  close(): void {
    this.#closes++;
    this.#turns.refuse(new StoreError("sqlite", "busy", CLOSED));
    this.#open?.rollBack();
  }

  /* What others of this process want to write goes first: it has waited, too. */
  #next(): void {
    this.#open = undefined;
    this.#parts.host().macrotask(() => this.#turns.give());
  }

  async #begun(signal: AbortSignal | undefined, closes: number): Promise<Begun> {
    const db = this.#parts.connect();
    try {
      await this.#lock(db, signal, closes);
      return new Begun(db, (helds, isCommitted) => {
        this.#next();
        this.#parts.ended(helds, isCommitted);
      });
    } catch (error) {
      db.close();
      throw error;
    }
  }

  async #lock({ database }: Connection, signal: AbortSignal | undefined, closes: number): Promise<void> {
    const { host, busyMaxMs } = this.#parts;
    const until = signal === undefined ? host().monotonic() + busyMaxMs : Infinity;
    for (;;)
      try {
        if (closes !== this.#closes) throw new StoreError("sqlite", "busy", CLOSED);
        return database.exec("BEGIN IMMEDIATE");
      } catch (error) {
        if (!isBusy(error) || host().monotonic() >= until) throw error;
        await new Promise<void>((resolve) => void host().timer(resolve, RETRY_MS * host().random()));
        signal?.throwIfAborted();
      }
  }
}

const CLOSED = "it was closed before the transaction could begin. Begin it before the bus closes.";
const BUSY = "others of this process have transactions open. Shorten them, or raise `busyMax`.";
