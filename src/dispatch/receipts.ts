/** What `publish` gives back: what was true when it resolved, worked out when somebody looks. */
import type { Receipt, Tally } from "../delivery/receipt.js";
import { SelfWaitError, SettledElsewhereError } from "../errors.js";
import { currentFrame } from "../runtime/context.js";
import { deliveryOf } from "./attempt.js";
import type { Publication } from "./publication.js";
import { NONE, type ReceiptFacts } from "./receipt-facts.js";

export class PublishReceipt implements Receipt {
  readonly #publication: Publication;
  readonly #facts: ReceiptFacts;
  readonly #bus: object;

  constructor(publication: Publication, facts: ReceiptFacts, bus: object) {
    this.#publication = publication;
    this.#facts = facts;
    this.#bus = bus;
  }

  get id(): string {
    return this.#publication.id;
  }
  get accepted(): readonly string[] {
    return this.#facts.accepted;
  }
  get deduplicated(): readonly string[] {
    return this.#facts.deduplicated;
  }
  get unhandled(): boolean | "unknown" {
    return this.#facts.unhandled;
  }
  get held(): boolean {
    return this.#facts.held;
  }

  settled(options: { signal?: AbortSignal | undefined } = {}): Promise<Tally> {
    const { settledBy } = this.#facts;
    if (settledBy !== undefined) return Promise.reject(new SettledElsewhereError(settledBy));
    if (deliveryOf(currentFrame())?.bus === this.#bus)
      return Promise.reject(new SelfWaitError("receipt.settled()"));
    return this.#publication.tree.settled(options.signal);
  }

  toJSON(): object {
    const { accepted, deduplicated, unhandled, held } = this;
    return { id: this.id, accepted, deduplicated, unhandled, held };
  }
}

/** What a store was given back: whoever has the group settles it. */
interface Redriven {
  readonly id: string;
  readonly group: string;
  readonly transport: string;
  /** Whether this bus has the subscription. */
  readonly isHere: boolean;
}

export class RedrivenReceipt implements Receipt {
  readonly deduplicated: readonly string[] = NONE;
  readonly held = false;
  readonly #redriven: Redriven;

  constructor(redriven: Redriven) {
    this.#redriven = redriven;
  }

  get id(): string {
    return this.#redriven.id;
  }
  get accepted(): readonly string[] {
    return [this.#redriven.group];
  }
  get unhandled(): boolean | "unknown" {
    return this.#redriven.isHere ? false : "unknown";
  }

  settled(): Promise<Tally> {
    return Promise.reject(new SettledElsewhereError(this.#redriven.transport));
  }

  toJSON(): object {
    const { id, accepted, deduplicated, unhandled, held } = this;
    return { id, accepted, deduplicated, unhandled, held };
  }
}
