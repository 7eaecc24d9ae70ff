/** What `publish` gives back: what was true when it resolved, worked out when somebody looks. */
import type { Receipt, Tally } from "../delivery/receipt.js";
import { SelfWaitError, SettledElsewhereError } from "../errors.js";
import { currentFrame } from "../runtime/context.js";
import { deliveryOf } from "./attempt.js";
import type { Publication } from "./publication.js";
import type { ReceiptFacts } from "./receipt-facts.js";

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
