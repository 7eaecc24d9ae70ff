/**
 * The parked keys of groups that a store holds: a record of each beside the deliveries, so that every process and every
 * start knows them. A record names the events that may pass: those that were resumed, whose turn it is; and the head that
 * the key was parked for, which may be out again.
 */
import type { Item, Store } from "../transport/transport.js";
import { pagesOf } from "./pages.js";

type Letter = Awaited<ReturnType<Store["deadLetters"]>>[number];

interface Record {
  readonly passes: readonly string[];
  /** The last of those that were resumed; one that was replayed apart is none of them. */
  readonly last?: string | undefined;
  /** The head that parked it, and how often that had been handed out. */
  readonly head?: { readonly id: string; readonly deliveries: number } | undefined;
}

interface Found extends Record {
  readonly version: number;
}

/* Of a key that is resumed: what is known, and who may pass before those that are next. */
interface Turn {
  readonly group: string;
  readonly key: string;
  readonly found: Found | undefined;
  readonly before: readonly string[];
}

/* Whether what is known of a key is still what it is to be resumed for. */
type IsStill = (found: Found | undefined) => boolean;

/** What becomes of a record; undefined leaves it as it is. */
type Change = (found: Found | undefined) => Record | undefined;

export const PARKED = "parked";

/* Of one key at once; the others stay parked until these have had their turn. */
const RESUMED_MAX = 1_000;

export class ParkedKeys {
  readonly #store: Store;
  /* The last of those that were resumed together: when it has had its turn, what was parked meanwhile follows. */
  readonly #last = new WeakSet<Item>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Whether an item is to follow the head of its key to the dead letters. */
  async stops(item: Item): Promise<boolean> {
    const [id, key] = [idOf(item), keyOf(item)];
    const record = key === undefined ? undefined : await this.#read(item.group, key);
    if (record === undefined || id === undefined || isOutAgain(item, record)) return false;
    if (!record.passes.includes(id)) return true;
    if (record.last === id) this.#last.add(item);
    return false;
  }

  /**
   * Its key is parked; written before it is settled, since then the next of its key may come, wherever. Answers whether it
   * was parked as it is to be: where not, the key was freed after the item was stopped, and is to be resumed once more.
   */
  async park(item: Item, reason: string): Promise<boolean> {
    const key = keyOf(item);
    if (key === undefined) return true;
    this.#last.delete(item);
    let isParked = true;
    // The head stops all others. One that follows it changes the version only, for whoever is resuming.
    await this.#change(item.group, key, (found) => {
      isParked = reason !== PARKED || found !== undefined;
      if (reason === PARKED) return found ?? { passes: [] };
      return { passes: [], head: { id: idOf(item)!, deliveries: item.deliveries } };
    });
    return isParked;
  }

  /**
   * It is settled: after the last of those that were resumed comes what was parked meanwhile, and so it does after a head that
   * somebody had parked the key for who had lost it. Undefined where it is neither.
   */
  ended(item: Item): Promise<unknown> | undefined {
    const [group, key, id] = [item.group, keyOf(item), idOf(item)];
    if (key === undefined) return undefined;
    if (this.#last.delete(item)) return this.#resume(group, key, (found) => found?.last === id);
    if (item.deliveries === 1) return undefined;
    return this.#resume(group, key, (found) => found !== undefined && isOutAgain(item, found));
  }

  /** The head that its key was parked for was somebody else's by then, who decides; unless it is a dead letter all the same. */
  async takeBack(item: Item): Promise<void> {
    const key = keyOf(item);
    if (key === undefined) return;
    const letters = this.#lettersOf(item.group, {});
    for await (const letter of letters) if (idOf(letter.item) === idOf(item)) return;
    await this.#resume(item.group, key, (found) => isHead(item, found));
  }

  /** It was asked for by name: it passes the parking of its key. */
  async letPass(item: Item): Promise<void> {
    const [id, key] = [idOf(item), keyOf(item)];
    if (id === undefined || key === undefined) return;
    await this.#change(item.group, key, (found) => found && withPassing(found, id));
  }

  /** Gives what is parked of a key back to its group, in order; with nothing left, the key is free. */
  resume(group: string, key: string): Promise<number> {
    return this.#resume(group, key, undefined);
  }

  /* By itself only as long as that is still so: then all that could pass have had their turn. */
  async #resume(group: string, key: string, isStill: IsStill | undefined): Promise<number> {
    for (;;) {
      const found = await this.#read(group, key);
      if (isStill?.(found) === false) return 0;
      const letters = await this.#parked(group, key);
      const next = letters.slice(0, RESUMED_MAX);
      const before = isStill === undefined ? (found?.passes ?? []) : [];
      if (!(await this.#give({ group, key, found, before }, next))) continue;
      for (const { id } of next) await this.#store.redrive(id);
      return letters.length;
    }
  }

  /* Lets them pass, after those that may do so already; with none, the key is free. False where somebody was first. */
  async #give({ group, key, found, before }: Turn, next: readonly Letter[]): Promise<boolean> {
    const ids = next.flatMap(({ item }) => idOf(item) ?? []);
    const passes = [...before.filter((id) => !ids.includes(id)), ...ids];
    if (next.length > 0) return this.#write(group, key, { passes, last: ids.at(-1) }, found);
    return found === undefined || this.#store.delete(nameOf(group, key), { ifVersion: found.version });
  }

  /* Each writes what follows from what it has read, or reads again. */
  async #change(group: string, key: string, change: Change): Promise<void> {
    for (;;) {
      const found = await this.#read(group, key);
      const record = change(found);
      if (record === undefined || (await this.#write(group, key, record, found))) return;
    }
  }

  /* In the order in which they were published: one that was resumed before may have been parked again. */
  async #parked(group: string, key: string): Promise<readonly Letter[]> {
    const letters: Letter[] = [];
    const parked = this.#lettersOf(group, { reason: PARKED });
    for await (const letter of parked) if (keyOf(letter.item) === key) letters.push(letter);
    return letters.toSorted((a, b) => timeOf(a.item) - timeOf(b.item));
  }

  #lettersOf(group: string, filter: { readonly reason?: string }): AsyncIterable<Letter> {
    return pagesOf<Letter>(
      (after, limit) => this.#store.deadLetters({ group, ...filter }, after, limit),
      ({ id }) => id,
    );
  }

  async #read(group: string, key: string): Promise<Found | undefined> {
    const found = await this.#store.get(nameOf(group, key));
    if (found === undefined) return undefined;
    const record = JSON.parse(new TextDecoder().decode(found.value)) as Record;
    return { ...record, version: found.version };
  }

  async #write(
    group: string,
    key: string,
    { passes, last, head }: Record,
    found: Found | undefined,
  ): Promise<boolean> {
    const value = new TextEncoder().encode(JSON.stringify({ passes, last, head }));
    return this.#store.put(nameOf(group, key), value, { ifVersion: found?.version ?? 0 });
  }
}

/* Of a head that was asked for by name nobody says that it is out again. */
function withPassing({ passes, last }: Record, id: string): Record {
  return { passes: [id, ...passes], last };
}

function isHead(item: Item, record: Record | undefined): boolean {
  return record?.head?.id === idOf(item) && record?.head?.deliveries === item.deliveries;
}

/* The head itself: whoever parked its key has lost it, or died before it was settled. */
function isOutAgain(item: Item, { head }: Record): boolean {
  return head !== undefined && head.id === idOf(item) && head.deliveries < item.deliveries;
}

function nameOf(group: string, key: string): string {
  return `signalbox/parked/${group}/${key}`;
}

function idOf({ envelope }: Item): string | undefined {
  return "id" in envelope ? envelope.id : undefined;
}

/** The key of an item, if it has one. */
export function keyOf({ envelope }: Item): string | undefined {
  return "id" in envelope ? envelope.key : undefined;
}

function timeOf({ envelope }: Item): number {
  return "id" in envelope ? Date.parse(envelope.headers["ce-time"] ?? "") || 0 : 0;
}
