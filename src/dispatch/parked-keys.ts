/**
 * The parked keys of groups that a store holds: a record of each beside the deliveries, so that every process and every
 * start knows them. A record names the events that may pass: those that were resumed, whose turn it is.
 */
import type { Item, Store } from "../transport/transport.js";
import { pagesOf } from "./pages.js";

type Letter = Awaited<ReturnType<Store["deadLetters"]>>[number];

interface Record {
  readonly passes: readonly string[];
  /** The last of those that were resumed; one that was replayed apart is none of them. */
  readonly last?: string | undefined;
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

/** What becomes of a record; undefined leaves it as it is. */
type Change = (found: Found | undefined) => Record | undefined;

export const PARKED = "parked";

/* Of one key at once; the others stay parked until these have had their turn. */
const RESUMED_MAX = 1_000;

export class ParkedKeys {
  readonly #store: Store;
  /* The last of those that were resumed together: when it has had its turn, what was parked meanwhile follows. */
  readonly #last = new WeakSet<Item>();
  readonly #failed: (group: string, error: unknown) => void;

  constructor(store: Store, failed: (group: string, error: unknown) => void) {
    this.#store = store;
    this.#failed = failed;
  }

  /** Whether an item is to follow the head of its key to the dead letters. */
  async stops(item: Item): Promise<boolean> {
    const [id, key] = [idOf(item), keyOf(item)];
    const record = key === undefined ? undefined : await this.#read(item.group, key);
    if (record === undefined || id === undefined) return false;
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
      return reason === PARKED && found !== undefined ? found : { passes: [] };
    });
    return isParked;
  }

  /** It is settled: after the last of those that were resumed comes what was parked meanwhile. */
  ended(item: Item): void {
    if (!this.#last.delete(item)) return;
    const resumed = this.#resume(item.group, keyOf(item)!, idOf(item));
    resumed.catch((error: unknown) => this.#failed(item.group, error));
  }

  /** It was asked for by name: it passes the parking of its key. */
  async letPass(item: Item): Promise<void> {
    const [id, key] = [idOf(item), keyOf(item)];
    if (id === undefined || key === undefined) return;
    await this.#change(item.group, key, (found) => found && { ...found, passes: [id, ...found.passes] });
  }

  /** Gives what is parked of a key back to its group, in order; with nothing left, the key is free. */
  resume(group: string, key: string): Promise<number> {
    return this.#resume(group, key, undefined);
  }

  /* After one that was the last, all that could pass have had their turn, unless others were resumed meanwhile. */
  async #resume(group: string, key: string, after: string | undefined): Promise<number> {
    for (;;) {
      const found = await this.#read(group, key);
      if (after !== undefined && found?.last !== after) return 0;
      const letters = await this.#parked(group, key);
      const next = letters.slice(0, RESUMED_MAX);
      const before = after === undefined ? (found?.passes ?? []) : [];
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
    const pages = pagesOf<Letter>(
      (after, limit) => this.#store.deadLetters({ group, reason: PARKED }, after, limit),
      ({ id }) => id,
    );
    for await (const letter of pages) if (keyOf(letter.item) === key) letters.push(letter);
    return letters.toSorted((a, b) => timeOf(a.item) - timeOf(b.item));
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
    { passes, last }: Record,
    found: Found | undefined,
  ): Promise<boolean> {
    const value = new TextEncoder().encode(JSON.stringify({ passes, last }));
    return this.#store.put(nameOf(group, key), value, { ifVersion: found?.version ?? 0 });
  }
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
