/** What a transport is told of the items that it handed out: at once, within a transaction, or as a dead letter of its store. */
import type { Awaitable, Item, Settlement, Transport, TransportTransaction } from "../transport/transport.js";
import { isThenable } from "../runtime/thenable.js";
import { type Answer, Burials } from "./burials.js";

const DONE: Settlement = Object.freeze({ kind: "done" });

/** Who hears how the transport takes it, by the name of the group. */
export interface SettlingParts {
  /** A settlement is on its way, since the transport takes its time. */
  readonly begins: (group: string) => void;
  /** It has come to its end, one way or the other. */
  readonly answered: (group: string) => void;
  readonly failed: (group: string, error: unknown) => void;
}

export class PortSettling {
  /** Where the store keeps the dead letters. */
  readonly burials: Burials | undefined;
  readonly #transport: Transport;
  readonly #parts: SettlingParts;
  /* What was settled within a transaction that is committed by now. */
  readonly #settled = new Set<Item>();

  constructor(transport: Transport, parts: SettlingParts) {
    this.#transport = transport;
    this.#parts = parts;
    const { store, features } = transport;
    if (store === undefined || features.holds !== "store") return;
    this.burials = new Burials({ store, failed: parts.failed, tell: (item, how) => this.#tell(item, how) });
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

  #tell(item: Item, settlement: Settlement): Awaitable<Answer> {
    try {
      const answer = this.#transport.settle(item, settlement);
      return isThenable(answer) ? this.#answered(item.group, answer) : answer;
    } catch (error) {
      this.#parts.failed(item.group, error);
    }
    return undefined;
  }

  async #answered(group: string, answer: PromiseLike<Answer>): Promise<Answer> {
    this.#parts.begins(group);
    try {
      return await answer;
    } catch (error) {
      this.#parts.failed(group, error);
      return undefined;
    } finally {
      this.#parts.answered(group);
    }
  }
}
