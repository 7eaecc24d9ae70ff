/** A store in memory that keeps the contract: a row per group, handed out by credit, in order per key. */
import type { Features, Group, Item, Settlement, Sink, Transport, WireEnvelope } from "signalbox";
import type { Place } from "signalbox/testing/contract";

export interface Entry {
  item: Item;
  dueAt: number;
  isOut: boolean;
}

export interface Shelf {
  readonly group: Group;
  credit: number;
  entries: Entry[];
}

export class ShelfTransport implements Transport {
  readonly features: Features = {
    survives: "nothing",
    serialises: true,
    holds: "store",
    order: "key",
    counts: "failures",
    fenced: true,
    leaseMs: 0,
    retryAfterMaxMs: 60_000,
    dueMaxMs: 0,
    priorities: 1,
    dedupeWindowMs: 0,
    bodyBytesMax: 2 ** 20,
    transactions: false,
  };
  protected readonly shelves = new Map<string, Shelf>();
  protected sink: Sink | undefined;
  protected isStopped = false;
  readonly #timers = new Set<{ cancel(): void }>();
  protected readonly place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  open(sink: Sink): Promise<void> {
    this.sink = sink;
    this.isStopped = false;
    return Promise.resolve();
  }

  declare(group: Group): void {
    const { credit = 0, entries = [] } = this.shelves.get(group.name) ?? {};
    this.shelves.set(group.name, { group, credit, entries });
  }

  async send(batch: readonly WireEnvelope[]): Promise<readonly "accepted"[]> {
    for (const envelope of batch)
      for (const shelf of this.shelves.values()) if (this.wants(shelf, envelope)) this.keep(shelf, envelope);
    for (const shelf of this.shelves.values()) this.handOut(shelf);
    return batch.map(() => "accepted");
  }

  credit(group: string, more: number): void {
    const shelf = this.shelves.get(group)!;
    shelf.credit += more;
    this.handOut(shelf);
  }

  settle(item: Item, settlement: Settlement): "settled" | "stale" {
    const shelf = this.shelves.get(item.group);
    const entry = shelf?.entries.find((each) => each.isOut && each.item === item);
    if (shelf === undefined || entry === undefined) return "stale";
    entry.isOut = false;
    if (settlement.kind === "retry") this.later(shelf, entry, settlement);
    else if (settlement.kind !== "release") this.remove(shelf, entry);
    this.handOut(shelf);
    return "settled";
  }

  stop(): void {
    this.isStopped = true;
  }

  close(): Promise<void> {
    this.sink = undefined;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const shelf of this.shelves.values()) {
      shelf.credit = 0;
      for (const entry of shelf.entries) entry.isOut = false;
    }
    return Promise.resolve();
  }

  protected wants(shelf: Shelf, { name }: WireEnvelope): boolean {
    return shelf.group.events.includes(name);
  }

  protected keep(shelf: Shelf, envelope: WireEnvelope): void {
    const item = { group: shelf.group.name, envelope, failures: 0, deliveries: 0, history: [] };
    shelf.entries.push({ item, dueAt: 0, isOut: false });
  }

  protected later(shelf: Shelf, entry: Entry, { afterMs, attempt }: Settlement & { kind: "retry" }): void {
    const { item } = entry;
    entry.item = { ...item, failures: item.failures + 1, history: [...item.history, attempt] };
    entry.dueAt = this.now() + afterMs;
    this.after(afterMs, () => this.handOut(shelf));
  }

  protected remove(shelf: Shelf, entry: Entry): void {
    entry.isOut = true; // whoever is handing out right now must not find it free
    shelf.entries.splice(shelf.entries.indexOf(entry), 1);
  }

  protected handOut(shelf: Shelf): void {
    const busy = new Set<string>();
    for (const entry of this.firstOf(shelf)) {
      if (this.sink === undefined || this.isStopped || !this.mayHandOut(shelf)) return;
      const key = this.keyOf(shelf, entry);
      const isFree = !entry.isOut && entry.dueAt <= this.now() && !busy.has(key ?? "");
      if (key !== undefined) busy.add(key);
      if (isFree) this.deliver(shelf, entry);
    }
  }

  /* Enough for the credit, without a walk through everything that waits. */
  protected firstOf({ entries, credit }: Shelf): readonly Entry[] {
    return entries.slice(0, 1_000 + credit);
  }

  protected mayHandOut(shelf: Shelf): boolean {
    return shelf.credit > 0;
  }

  protected keyOf({ group }: Shelf, { item: { envelope } }: Entry): string | undefined {
    return group.order === "key" && "key" in envelope ? envelope.key : undefined;
  }

  protected deliver(shelf: Shelf, entry: Entry): void {
    shelf.credit--;
    entry.isOut = true;
    entry.item = { ...entry.item, deliveries: entry.item.deliveries + 1 };
    void this.sink!.deliver(entry.item);
  }

  protected after(ms: number, run: () => void): void {
    const timer = this.place.runtime.host.timer(() => (this.#timers.delete(timer), run()), ms);
    this.#timers.add(timer);
  }

  protected now(): number {
    return this.place.runtime.host.monotonic();
  }
}
