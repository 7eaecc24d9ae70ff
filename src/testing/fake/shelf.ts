/** What a fake transport keeps of one group: what waits, what is out, what is due later. */
import type { AttemptRecord, Group, Item, WireEnvelope } from "../../index.js";

/** One delivery of one envelope. */
export interface Entry {
  readonly envelope: WireEnvelope;
  /** In order of arrival; a copy has that of its original. */
  readonly order: number;
  failures: number;
  deliveries: number;
  readonly history: AttemptRecord[];
  /** Others go first. */
  isHeldBack: boolean;
  /** Its way out was disturbed already: the next time it goes through. */
  isSpared: boolean;
}

export class Shelf {
  group: Group;
  credit = 0;
  readonly out: Map<Item, Entry> = new Map();
  readonly later: Set<Entry> = new Set();
  /* Sorted by order. */
  #waiting: Entry[] = [];
  readonly #isStore: boolean;
  /* By id, until when nothing else of that id comes in. */
  readonly #inbox = new Map<string, number>();

  /** In a store one delivery of a key is out at a time; otherwise a lane sees to that, and to the inbox. */
  constructor(group: Group, isStore: boolean) {
    this.group = group;
    this.#isStore = isStore;
  }

  get waiting(): readonly Entry[] {
    return this.#waiting;
  }
  get heldBack(): readonly Entry[] {
    return this.#waiting.filter((entry) => entry.isHeldBack);
  }

  /** Whether the inbox of the group lets an envelope in: the first of its id owns it until it is final. */
  admits({ id }: WireEnvelope, now: number): boolean {
    if (this.group.inboxMs === 0 || !this.#isStore) return true;
    if ((this.#inbox.get(id) ?? -Infinity) > now) return false;
    this.#inbox.set(id, Infinity);
    return true;
  }

  /** What was done is not let in again for a while; anything else frees its id. */
  ended({ id }: WireEnvelope, isDone: boolean, now: number): void {
    if (this.group.inboxMs === 0) return;
    if (isDone) this.#inbox.set(id, now + this.group.inboxMs);
    else this.#inbox.delete(id);
  }

  put(entry: Entry): void {
    const index = this.#waiting.findIndex(({ order }) => order > entry.order);
    this.#waiting.splice(index < 0 ? this.#waiting.length : index, 0, entry);
  }

  /** Takes the first that may go. */
  take(): Entry | undefined {
    const busy = this.#busyKeys();
    for (const [index, entry] of this.#waiting.entries()) {
      const key = this.#keyOf(entry);
      if (!entry.isHeldBack && (key === undefined || !busy.has(key))) {
        this.#waiting.splice(index, 1);
        return entry;
      }
      if (key !== undefined) busy.add(key);
    }
    return undefined;
  }

  /** Everything that is out waits again; answers what it was. */
  takeBack(): Item[] {
    const items = [...this.out.keys()];
    for (const entry of this.out.values()) this.put(entry);
    this.out.clear();
    return items;
  }

  #busyKeys(): Set<string> {
    const out = this.#isStore ? this.out.values() : [];
    const busy = [...out, ...this.later].map((entry) => this.#keyOf(entry));
    return new Set(busy.filter((key) => key !== undefined));
  }

  /* One for all where the whole group is in order. */
  #keyOf({ envelope }: Entry): string | undefined {
    if (this.group.order === "group") return "";
    return this.group.order === "key" ? envelope.key : undefined;
  }
}
