/** Dead letters on their way into a store: their keys are parked first where the subscription asks for that. */
import type { Awaitable, Item, Settlement, Store } from "../transport/transport.js";
import { within } from "../runtime/within.js";
import type { Timers } from "../runtime/timers.js";
import { isThenable } from "../runtime/thenable.js";
import { keyOf, PARKED, ParkedKeys } from "./parked-keys.js";

export type Answer = "settled" | "stale" | undefined;
export type GivenUp = Settlement & { readonly kind: "deadLetter" | "drop" };

export interface BurialParts {
  readonly store: Store;
  /** Settles an item; never rejects. Answers how the store took it, undefined where that did not answer. */
  readonly tell: (item: Item, settlement: GivenUp) => Awaitable<Answer>;
  readonly failed: (group: string, error: unknown) => void;
}

/* Whoever lists dead letters waits so long for those that the store has not taken yet. */
const WAITED_MS = 1_000;

export class Burials {
  readonly parkedKeys: ParkedKeys;
  readonly #parts: BurialParts;
  readonly #open = new Set<PromiseLike<unknown>>();

  constructor(parts: BurialParts) {
    this.#parts = parts;
    this.parkedKeys = new ParkedKeys(parts.store);
  }

  /** Whether an item is to follow the head of its key; undefined where nobody can tell. */
  stops(item: Item): Promise<boolean | undefined> {
    return this.#tried(item.group, () => this.parkedKeys.stops(item));
  }

  bury(item: Item, settlement: GivenUp, isParking: boolean): void {
    const told = isParking ? this.#park(item, settlement) : this.#parts.tell(item, settlement);
    if (isThenable(told)) this.#track(told);
  }

  /** It was settled as done or dropped: what is parked behind it may go on. */
  ended(item: Item): void {
    const resumed = this.parkedKeys.ended(item);
    if (resumed !== undefined) this.#track(this.#tried(item.group, () => resumed));
  }

  /** Resolves when the store has answered for all until now; after a second in any case, since it may be down. */
  async answered(timers: Timers): Promise<void> {
    if (this.#open.size > 0) await within(WAITED_MS, Promise.all(this.#open), timers);
  }

  /* What cannot be parked is settled all the same: a dead letter is worth more than the order behind it. */
  async #park(item: Item, settlement: GivenUp): Promise<void> {
    const isParked = await this.#tried(item.group, () => this.parkedKeys.park(item, settlement.reason));
    const answer = await this.#parts.tell(item, settlement);
    if (isParked === false)
      await this.#tried(item.group, () => this.parkedKeys.resume(item.group, keyOf(item)!));
    else if (answer === "stale" && settlement.reason !== PARKED)
      await this.#tried(item.group, () => this.parkedKeys.takeBack(item));
  }

  #track(work: PromiseLike<unknown>): void {
    this.#open.add(work);
    void work.then(() => this.#open.delete(work));
  }

  async #tried<T>(group: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#parts.failed(group, error);
      return undefined;
    }
  }
}
