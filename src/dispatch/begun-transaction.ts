/** A transaction on the database of a transport: what is sent and settled within it, and its end. */
import { DeliveryLostError } from "../errors.js";
import type { TransportTransaction } from "../transport/transport.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Planned } from "./planner.js";
import type { PortCarriage } from "./port-carriage.js";
import type { Publication } from "./publication.js";

export class BegunTransaction {
  readonly port: PortCarriage;
  /** What was sent within it, in order. */
  readonly joined: Planned[] = [];
  readonly #transaction: TransportTransaction;
  readonly #sends = new Set<Promise<unknown>>();
  /* The first send that failed: of that, part may be there. */
  #spoilt: { readonly error: unknown } | undefined;
  #settled: AttemptDelivery | undefined;

  constructor(port: PortCarriage, transaction: TransportTransaction) {
    this.port = port;
    this.#transaction = transaction;
  }

  get client(): unknown {
    return this.#transaction.client;
  }

  /** Whether an event goes by its transport. */
  carries({ topic }: Publication): boolean {
    return topic.carriage === this.port;
  }

  /** Sends within it. Where that fails nothing can be committed any more, even if the work goes on. */
  async send(planned: readonly Planned[], signal: AbortSignal | undefined): Promise<void> {
    for (const { publication } of planned) publication.tree.opened();
    this.joined.push(...planned);
    const publications = planned.map(({ publication }) => publication);
    const sent = this.port.send(publications, { transaction: this.client, ...(signal && { signal }) });
    this.#sends.add(sent);
    try {
      await sent;
    } catch (error) {
      this.#spoilt ??= { error };
      throw error;
    } finally {
      this.#sends.delete(sent);
    }
  }

  /** Settles a delivery as done within it; throws where that is somebody else's by now. */
  async settle(delivery: AttemptDelivery): Promise<void> {
    const { item, route } = delivery.ticket;
    if (item === undefined) return; // of an invoke
    this.#settled = delivery;
    if (await this.port.settling.settleWithin(item, this.client)) return;
    if (!delivery.isWithdrawn) this.port.lost(item, "lease");
    throw new DeliveryLostError(route.name, "lease");
  }

  /** Rejects with what was wrong with a send, or with what the database says: nothing of it is there then. */
  async commit(): Promise<void> {
    await Promise.allSettled(this.#sends);
    if (this.#spoilt !== undefined) throw this.#spoilt.error;
    await this.#transaction.commit();
    const item = this.#settled?.ticket.item;
    if (item !== undefined) this.port.settledWithin(item);
  }

  async rollBack(): Promise<void> {
    await this.#transaction.rollBack();
  }
}
