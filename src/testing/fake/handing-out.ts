/** How a fake transport hands out what waits: as credit allows, in order, or disturbed by a fault. */
import type { Features, Item, Sink } from "../../index.js";
import type { Duration } from "../../runtime/duration.js";
import type { Alarms } from "./alarms.js";
import { type Fault, InjectedFaultError, lastsMs } from "./fault.js";
import type { Entry, Shelf } from "./shelf.js";
import type { Shelves } from "./shelves.js";
import type { Watch } from "./watch.js";

export interface HandingOutParts {
  readonly features: Features;
  readonly alarms: Alarms;
  readonly shelves: Shelves;
  readonly watch: Watch;
  /** Whom it is handed to; undefined while nothing may go. */
  readonly sink: () => Sink | undefined;
  readonly faultOf: (entry: Entry, shelf: Shelf) => Fault | undefined;
  readonly crash: () => void;
  readonly disconnect: (lasts: Duration | undefined) => void;
}

export class HandingOut {
  readonly #parts: HandingOutParts;
  #isTurnAwaited = false;

  constructor(parts: HandingOutParts) {
    this.#parts = parts;
  }

  all(): void {
    for (const shelf of this.#parts.shelves.all()) this.from(shelf);
  }

  readonly from = (shelf: Shelf): void => {
    const { sink, faultOf } = this.#parts;
    while (sink() !== undefined && shelf.credit > 0) {
      const entry = shelf.take();
      if (entry === undefined) return;
      const fault = entry.isSpared ? undefined : faultOf(entry, shelf);
      entry.isSpared = false;
      if (fault === undefined) this.#deliver(shelf, entry);
      else this.#disturbed(fault, shelf, entry);
    }
  };

  #deliver(shelf: Shelf, entry: Entry, broken?: Error): void {
    const { features, watch, sink } = this.#parts;
    const { deliveries, history } = Object.assign(entry, { deliveries: entry.deliveries + 1 });
    const failures = features.counts === "failures" ? entry.failures : deliveries - 1;
    const envelope = broken === undefined ? entry.envelope : { undecodable: bytesOf(entry), error: broken };
    const item: Item = { group: shelf.group.name, envelope, failures, deliveries, history: [...history] };
    const overtook = shelf.heldBack.filter(({ order }) => order < entry.order);
    shelf.credit--;
    shelf.out.set(item, entry);
    watch.handedOut?.(
      item,
      overtook.map((each) => each.envelope),
    );
    void sink()!.deliver(item);
  }

  #disturbed(fault: Fault, shelf: Shelf, entry: Entry): void {
    const { alarms, shelves, crash, disconnect } = this.#parts;
    if (fault.does === "reorder") return this.#holdBack(shelf, entry);
    if (fault.does === "delay") {
      entry.isSpared = true;
      return shelves.putLater(shelf, entry, { ms: lastsMs(fault), due: this.from });
    }
    if (fault.does === "disconnect") {
      shelf.put(entry);
      return disconnect(fault.lasts);
    }
    if (fault.does === "corrupt") return this.#deliver(shelf, entry, new InjectedFaultError(fault));
    this.#deliver(shelf, entry);
    if (fault.does === "crash") return crash();
    if (shelf.admits(entry.envelope, alarms.host.monotonic()))
      shelf.put({ ...entry, history: [...entry.history], isSpared: true });
  }

  /* Those that come while it is held back go first; at the end of the turn it goes in any case. */
  #holdBack(shelf: Shelf, entry: Entry): void {
    const { alarms, shelves } = this.#parts;
    shelf.put(Object.assign(entry, { isHeldBack: true, isSpared: true }));
    if (this.#isTurnAwaited) return;
    this.#isTurnAwaited = true;
    alarms.host.macrotask(() => {
      this.#isTurnAwaited = false;
      for (const held of shelves.heldBack) held.isHeldBack = false;
      this.all();
    });
  }
}

function bytesOf({ envelope: { body } }: Entry): Uint8Array {
  return body instanceof Uint8Array ? body.subarray(0, body.byteLength >> 1) : new Uint8Array();
}
