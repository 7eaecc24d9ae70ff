// From a verified webhook to a published event, and what a full lane means for the one who sent it.
import { type Bus, LaneFullError, PartlyAcceptedError, type Receipt } from "signalbox";
import { eventOf } from "./catalogue.js";
import type { Ledger } from "./ledger.js";

export type Taken = "published" | "unknown" | "busy";

const PATIENCE = 100; // milliseconds that a request may wait for a place in a lane

export class Intake {
  readonly #receipts: Receipt[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly ledger: Ledger,
  ) {}

  /**
   * Publishes under the id of the delivery. While a lane is full this waits, and after a while it answers "busy":
   * the sender comes back with the same id. The subscriptions that took the event the first time know that id
   * and skip it (`dedupe` in subscribers/once.ts); the one that had no room gets its second chance.
   */
  async take(name: string, id: string, payload: object): Promise<Taken> {
    const event = eventOf(name, payload);
    if (!event) return "unknown";
    this.ledger.write("http.received", id, name);
    const signal = AbortSignal.timeout(PATIENCE);
    try {
      const receipt = await this.bus.publish(event, { id, signal, headers: { "github-event": name } });
      this.ledger.write("http.published", id, receipt.deduplicated.length > 0 ? "known" : "new");
      this.#receipts.push(receipt);
      return "published";
    } catch (error) {
      if (signal.aborted || error instanceof PartlyAcceptedError || error instanceof LaneFullError)
        return "busy";
      throw error;
    }
  }

  /** Resolves when all that was published is handled or a dead letter, retries included. In memory only: a store's events are anybody's. */
  async settled(): Promise<void> {
    await Promise.all(this.#receipts.map((receipt) => receipt.settled()));
    await this.bus.idle(); // what a "busy" publish had already handed to other subscriptions
  }
}
