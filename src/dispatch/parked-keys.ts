/**
 * The parked keys of groups that a store holds: a record of each beside the deliveries, so that every process and every
 * start knows them. A record names the events that may pass: those that were resumed, whose turn it is.
 */
import type { Item, Store } from "../transport/transport.js";
import { pagesOf } from "./pages.js";

type Letter = Awaited<ReturnType<Store["deadLetters"]>>[number];

interface Record {
  readonly passes: readonly string[];
  readonly version: number;
}

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
    if (record.passes.at(-1) === id) this.#last.add(item);
    return false;
  }

  /** Its key is parked; written before it is settled, since then the next of its key may come, wherever. */
  async park(item: Item, reason: string): Promise<void> {
    const key = keyOf(item);
    if (key === undefined) return;
    this.#last.delete(item);
    // The head stops all others. One that follows it changes the version only, for whoever is resuming.
    const record = reason === PARKED ? await this.#read(item.group, key) : undefined;
    await this.#write(item.group, key, record?.passes ?? []);
  }

  /** It is settled: after the last of those that were resumed comes what was parked meanwhile. */
  ended(item: Item): void {
    if (!this.#last.delete(item)) return;
    this.resume(item.group, keyOf(item)!).catch((error: unknown) => this.#failed(item.group, error));
  }

  /** It was asked for by name: it passes the parking of its key. */
  async letPass(item: Item): Promise<void> {
    const [id, key] = [idOf(item), keyOf(item)];
    if (id === undefined || key === undefined) return;
    const record = await this.#read(item.group, key);
    if (record !== undefined) await this.#write(item.group, key, [id, ...record.passes]);
  }

  /** Gives what is parked of a key back to its group, in order; with nothing left, the key is free. */
  async resume(group: string, key: string): Promise<number> {
    for (;;) {
      const record = await this.#read(group, key);
      const letters = await this.#parked(group, key);
      if (letters.length > 0) return this.#giveBack(group, key, letters);
      if (record === undefined) return 0;
      if (await this.#store.delete(nameOf(group, key), { ifVersion: record.version })) return 0;
    }
  }

  async #giveBack(group: string, key: string, letters: readonly Letter[]): Promise<number> {
    const next = letters.slice(0, RESUMED_MAX);
    await this.#write(
      group,
      key,
      next.flatMap(({ item }) => idOf(item) ?? []),
    );
    for (const { id } of next) await this.#store.redrive(id);
    return letters.length;
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

  async #read(group: string, key: string): Promise<Record | undefined> {
    const found = await this.#store.get(nameOf(group, key));
    if (found === undefined) return undefined;
    const passes = JSON.parse(new TextDecoder().decode(found.value)) as readonly string[];
    return { passes, version: found.version };
  }

  async #write(group: string, key: string, passes: readonly string[]): Promise<void> {
    await this.#store.put(nameOf(group, key), new TextEncoder().encode(JSON.stringify(passes)));
  }
}

function nameOf(group: string, key: string): string {
  return `signalbox/parked/${group}/${key}`;
}

function idOf({ envelope }: Item): string | undefined {
  return "id" in envelope ? envelope.id : undefined;
}

function keyOf({ envelope }: Item): string | undefined {
  return "id" in envelope ? envelope.key : undefined;
}

function timeOf({ envelope }: Item): number {
  return "id" in envelope ? Date.parse(envelope.headers["ce-time"] ?? "") || 0 : 0;
}
