/** The transactions of a fake transport: one at a time, as in a database that has one writer. */
import { FakeTransaction } from "./fake-transaction.js";
import { type ClientCall, recordingClient } from "./recording-client.js";

export interface TransactionsParts {
  /** The client of all of them; undefined: each gets one that records. */
  readonly client: unknown;
  readonly apply: (transaction: FakeTransaction) => void;
}

interface Waiting {
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

export class FakeTransactions {
  /** All that were begun, in order. */
  readonly all: FakeTransaction[] = [];
  readonly #parts: TransactionsParts;
  readonly #waiting = new Set<Waiting>();
  #open: FakeTransaction | undefined;

  constructor(parts: TransactionsParts) {
    this.#parts = parts;
  }

  get open(): FakeTransaction | undefined {
    return this.#open;
  }

  /** The one that has this client. A `TypeError` where none is open with it: a fake joins no other. */
  of(client: unknown): FakeTransaction {
    if (this.#open !== undefined && this.#open.client === client) return this.#open;
    throw new TypeError(NOT_BEGUN);
  }

  /** Waits for its turn until the signal aborts. */
  async begin(signal: AbortSignal | undefined): Promise<FakeTransaction> {
    signal?.throwIfAborted();
    while (this.#open !== undefined) await this.#turn(signal);
    const calls: ClientCall[] = [];
    const { client = recordingClient(calls), apply } = this.#parts;
    this.#open = new FakeTransaction({ client, calls, apply, ended: () => this.#next() });
    this.all.push(this.#open);
    return this.#open;
  }

  /** Rolls back the one that is open, and refuses those that wait. */
  close(): void {
    for (const { refuse } of this.#waiting) refuse(new TypeError(CLOSED));
    this.#open?.rollBack();
  }

  #next(): void {
    this.#open = undefined;
    const [first] = this.#waiting;
    first?.go();
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => waiting.refuse(signal!.reason as Error);
      const left = (): void => {
        this.#waiting.delete(waiting);
        signal?.removeEventListener("abort", leave);
      };
      const waiting: Waiting = { go: () => (left(), resolve()), refuse: (error) => (left(), reject(error)) };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.add(waiting);
    });
  }
}

const NOT_BEGUN =
  "The fake transport joins only the transactions that it has begun itself. Publish within bus.transaction.";
const CLOSED =
  "The fake transport was closed before the transaction could begin. Begin it before the bus closes.";
