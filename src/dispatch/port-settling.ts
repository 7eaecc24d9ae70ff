/** What a transport is told of the items that it handed out: at once, within a transaction, or as a dead letter of its store. */
import type { Item, Settlement, Transport, TransportTransaction } from "../transport/transport.js";
import { isThenable } from "../runtime/thenable.js";
import { Burials } from "./burials.js";

const DONE: Settlement = Object.freeze({ kind: "done" });

export class PortSettling {
  /** Where the store keeps the dead letters. */
  readonly burials: Burials | undefined;
  readonly #transport: Transport;
  readonly #failed: (group: string, error: unknown) => void;
  /* What was settled within a transaction that is committed by now. */
  readonly #settled = new Set<Item>();

  constructor(transport: Transport, failed: (group: string, error: unknown) => void) {
    this.#transport = transport;
    this.#failed = failed;
    const { store, features } = transport;
    if (store === undefined || features.holds !== "store") return;
    this.burials = new Burials({ store, failed, tell: (item, how) => this.#tell(item, how) });
  }

  /** Tells the transport, unless it knows already. */
  settle(item: Item, settlement: Settlement, isParking: () => boolean): void {
    if (this.#settled.delete(item)) return;
    if (settlement.kind === "deadLetter" && this.burials !== undefined)
      this.burials.bury(item, settlement, isParking());
    else void this.#tell(item, settlement);
  }

  /** Begins a transaction of the application on the database of the transport. */
  async begin(signal: AbortSignal | undefined): Promise<TransportTransaction> {
    return this.#transport.begin!(signal === undefined ? {} : { signal });
  }

  /** Settles a delivery as done within a transaction; false where it is somebody else's by now. */
  async settleWithin(item: Item, transaction: unknown): Promise<boolean> {
    return (await this.#transport.settle(item, DONE, { transaction })) === "settled";
  }

  /** That transaction is committed: the transport knows what this delivery came to. */
  knows(item: Item): void {
    this.#settled.add(item);
  }

  clear(): void {
    this.#settled.clear();
  }

  #tell(item: Item, settlement: Settlement): Promise<void> | undefined {
    const failed = (error: unknown): void => this.#failed(item.group, error);
    try {
      const answer = this.#transport.settle(item, settlement);
      if (isThenable(answer)) return Promise.resolve(answer).then(() => undefined, failed);
    } catch (error) {
      failed(error);
    }
    return undefined;
  }
}
