/** Everything that a fake transport keeps: a shelf per group, and the ids that it has seen. */
import type { Features, Group, Item, WireEnvelope } from "../../index.js";
import type { Alarms } from "./alarms.js";
import { type Entry, Shelf } from "./shelf.js";

export class Shelves {
  readonly #shelves = new Map<string, Shelf>();
  readonly #known = new Map<string, number>();
  readonly #features: Features;
  readonly #alarms: Alarms;
  #order = 0;

  constructor(features: Features, alarms: Alarms) {
    this.#features = features;
    this.#alarms = alarms;
  }

  /** Those that wait because others go first. */
  get heldBack(): readonly Entry[] {
    return this.all().flatMap((shelf) => shelf.heldBack);
  }

  /** How many deliveries have not ended. */
  get kept(): number {
    return this.all().reduce(
      (sum, { waiting, out, later }) => sum + waiting.length + out.size + later.size,
      0,
    );
  }

  all(): Shelf[] {
    return [...this.#shelves.values()];
  }

  of(group: string): Shelf | undefined {
    return this.#shelves.get(group);
  }

  declare(group: Group): void {
    const known = this.#shelves.get(group.name);
    if (known === undefined) this.#shelves.set(group.name, new Shelf(group, this.#isStore));
    else known.group = group;
  }

  /** Fans out; `due` is told of what has come. */
  accept(
    batch: readonly WireEnvelope[],
    how: { copies: number; due: (shelf: Shelf) => void },
  ): readonly ("accepted" | "duplicate")[] {
    return batch.map((envelope) => {
      if (this.#isKnown(envelope)) return "duplicate";
      const shelves = this.all().filter(({ group }) => group.events.includes(envelope.name));
      for (const shelf of shelves)
        for (let copy = 0; copy < how.copies; copy++) this.#store(shelf, envelope, how.due);
      return "accepted";
    });
  }

  /** What it would answer now, and takes nothing in. */
  answers(batch: readonly WireEnvelope[]): readonly ("accepted" | "duplicate")[] {
    return batch.map((envelope) => (this.#wasSeen(envelope) ? "duplicate" : "accepted"));
  }

  putLater(shelf: Shelf, entry: Entry, when: { ms: number; due: (shelf: Shelf) => void }): void {
    shelf.later.add(entry);
    this.#alarms.after(when.ms, () => {
      shelf.later.delete(entry);
      shelf.put(entry);
      when.due(shelf);
    });
  }

  /** Everything that is out waits again; answers what it was. */
  takeBack(): Item[] {
    return this.all().flatMap((shelf) => shelf.takeBack());
  }

  /** Nobody is there: a store keeps what has not ended. */
  close(): void {
    if (!this.#isStore) this.#shelves.clear();
    for (const shelf of this.all()) {
      shelf.credit = 0;
      shelf.takeBack();
      for (const entry of shelf.later) shelf.put(entry);
      shelf.later.clear();
    }
  }

  get #isStore(): boolean {
    return this.#features.holds === "store";
  }

  #isKnown(envelope: WireEnvelope): boolean {
    const isKnown = this.#wasSeen(envelope);
    if (!isKnown && this.#features.dedupeWindowMs > 0)
      this.#known.set(envelope.id, this.#alarms.host.monotonic());
    return isKnown;
  }

  #wasSeen({ id }: WireEnvelope): boolean {
    const seenAt = this.#known.get(id);
    return seenAt !== undefined && this.#alarms.host.monotonic() - seenAt < this.#features.dedupeWindowMs;
  }

  #store(shelf: Shelf, envelope: WireEnvelope, due: (shelf: Shelf) => void): void {
    if (!shelf.admits(envelope, this.#alarms.host.monotonic())) return;
    const [order, history] = [this.#order++, []];
    const entry = {
      envelope,
      order,
      failures: 0,
      deliveries: 0,
      history,
      isHeldBack: false,
      isSpared: false,
    };
    const ms = envelope.dueAt === undefined ? 0 : envelope.dueAt - this.#alarms.host.now();
    if (this.#isStore && ms > 0) this.putLater(shelf, entry, { ms, due });
    else shelf.put(entry);
  }
}
