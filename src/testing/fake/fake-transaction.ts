/** One transaction that a fake transport has begun: what is sent and settled within it becomes true at its commit. */
import type { Item, Settlement, TransportTransaction, WireEnvelope } from "../../index.js";
import type { ClientCall } from "./recording-client.js";

/** A transaction that a fake transport has begun, as a test sees it. */
export interface FakeBegun {
  readonly client: unknown;
  readonly state: "open" | "committed" | "rolled back";
  /** What was called on the client; empty where the test gave one of its own. */
  readonly calls: readonly ClientCall[];
  /** What was sent within it, whatever became of it. */
  readonly sent: readonly WireEnvelope[];
}

/** What was sent in one go; a fault may have doubled it. */
export interface Sending {
  readonly batch: readonly WireEnvelope[];
  readonly copies: number;
}

interface Parts {
  readonly client: unknown;
  readonly calls: readonly ClientCall[];
  /** Makes it true; throws where it cannot be. */
  readonly apply: (transaction: FakeTransaction) => void;
  readonly ended: () => void;
}

export class FakeTransaction implements TransportTransaction, FakeBegun {
  readonly client: unknown;
  readonly calls: readonly ClientCall[];
  readonly sendings: Sending[] = [];
  readonly settlements: Map<Item, Settlement> = new Map();
  readonly #apply: Parts["apply"];
  readonly #ended: () => void;
  #state: FakeBegun["state"] = "open";
  #lost: Error | undefined;

  constructor({ client, calls, apply, ended }: Parts) {
    this.client = client;
    this.calls = calls;
    this.#apply = apply;
    this.#ended = ended;
  }

  get state(): FakeBegun["state"] {
    return this.#state;
  }
  get sent(): readonly WireEnvelope[] {
    return this.sendings.flatMap(({ batch }) => batch);
  }

  /** Its connection is gone: it cannot be committed any more. */
  lose(error: Error): void {
    this.#lost ??= error;
  }

  commit(): void {
    if (this.#state !== "open") throw new TypeError(OVER);
    try {
      if (this.#lost !== undefined) throw this.#lost;
      this.#apply(this);
    } catch (error) {
      this.rollBack();
      throw error;
    }
    this.#end("committed");
  }

  rollBack(): void {
    if (this.#state === "open") this.#end("rolled back");
  }

  #end(state: FakeBegun["state"]): void {
    this.#state = state;
    this.#ended();
  }
}

const OVER =
  "The transaction has ended: it was rolled back when the transport closed. Do the work once more.";
