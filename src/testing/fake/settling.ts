/** What the deliveries of a fake transport come to: at once, within a transaction, or disturbed by a fault. */
import type { Features, Item, Settlement } from "../../index.js";
import type { Duration } from "../../runtime/duration.js";
import type { Alarms } from "./alarms.js";
import type { FakeTransaction } from "./fake-transaction.js";
import { type Fault, InjectedFaultError, lastsMs } from "./fault.js";
import type { Entry, Shelf } from "./shelf.js";
import type { Shelves } from "./shelves.js";
import type { Watch } from "./watch.js";

type Answer = "settled" | "stale";

export interface SettlingParts {
  readonly features: Features;
  readonly alarms: Alarms;
  readonly shelves: Shelves;
  readonly watch: Watch;
  readonly handOut: (shelf: Shelf) => void;
  readonly faultOf: (entry: Entry, item: Item, settlement: Settlement) => Fault | undefined;
  readonly crash: () => void;
  readonly disconnect: (lasts: Duration | undefined) => void;
}

interface Settled {
  readonly shelf: Shelf;
  readonly item: Item;
  readonly settlement: Settlement;
  readonly transaction: FakeTransaction | undefined;
}

export class FakeSettling {
  /** What was settled as a dead letter. */
  readonly deadLettered: { readonly item: Item; readonly reason: string }[] = [];
  readonly #parts: SettlingParts;

  constructor(parts: SettlingParts) {
    this.#parts = parts;
  }

  settle(item: Item, settlement: Settlement, transaction?: FakeTransaction): Answer | Promise<Answer> {
    const { shelves, watch, faultOf } = this.#parts;
    const shelf = shelves.of(item.group);
    const entry = shelf?.out.get(item);
    if (shelf === undefined || entry === undefined) return "stale";
    if (transaction === undefined) watch.settled?.(item, settlement);
    const what: Settled = { shelf, item, settlement, transaction };
    const fault = faultOf(entry, item, settlement);
    return fault === undefined ? this.#settled(what) : this.#disturbed(fault, what);
  }

  /** Makes true what was settled within a transaction; false where something of it is not out any more. */
  apply({ settlements }: FakeTransaction): boolean {
    const { shelves, watch } = this.#parts;
    if (![...settlements.keys()].every((item) => shelves.of(item.group)?.out.has(item))) return false;
    for (const [item, settlement] of settlements) {
      watch.settled?.(item, settlement);
      this.#write(shelves.of(item.group)!, item, settlement);
    }
    return true;
  }

  #settled({ shelf, item, settlement, transaction }: Settled): Answer {
    if (!shelf.out.has(item) || transaction?.settlements.has(item) === true) return "stale";
    if (transaction === undefined) this.#write(shelf, item, settlement);
    else if (transaction.state === "open") transaction.settlements.set(item, settlement);
    return "settled";
  }

  #write(shelf: Shelf, item: Item, settlement: Settlement): void {
    const { features, alarms, shelves, handOut } = this.#parts;
    const entry = shelf.out.get(item)!;
    shelf.out.delete(item);
    // What a lane gives back nobody will ask for again: it has no store to lie in.
    if (settlement.kind === "release" && features.holds === "store") shelf.put(entry);
    else if (settlement.kind !== "retry")
      shelf.ended(entry.envelope, settlement.kind === "done", alarms.host.monotonic());
    if (settlement.kind === "deadLetter") this.deadLettered.push({ item, reason: settlement.reason });
    if (settlement.kind === "retry") {
      entry.failures++;
      entry.history.push(settlement.attempt);
      shelves.putLater(shelf, entry, { ms: settlement.afterMs, due: handOut });
    }
    handOut(shelf);
  }

  /* The answer is lost: it is handed out again. Within a transaction that cannot be committed then. */
  #disturbed(fault: Fault, what: Settled): Answer | Promise<Answer> {
    const { alarms, crash, disconnect } = this.#parts;
    const { shelf, item, transaction } = what;
    if (fault.does === "crash") crash();
    if (fault.does === "disconnect") disconnect(fault.lasts);
    if (fault.does === "delay") return alarms.pass(lastsMs(fault)).then(() => this.#settled(what));
    if (fault.does !== "loseAnswer" && fault.does !== "reject") return "stale";
    this.#takeBack(shelf, item);
    if (fault.does === "reject") return Promise.reject(new InjectedFaultError(fault));
    return transaction === undefined ? "settled" : "stale";
  }

  #takeBack(shelf: Shelf, item: Item): void {
    const entry = shelf.out.get(item);
    if (entry === undefined) return;
    shelf.out.delete(item);
    shelf.put(entry);
    this.#parts.handOut(shelf);
  }
}
