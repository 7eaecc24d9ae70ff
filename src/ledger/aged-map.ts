/**
 * A map that knows its oldest entry at once. A `Map` finds its first by walking past all that was deleted before it: with
 * thousands kept, that costs more than the delivery they are kept of.
 */
export class AgedMap<V> {
  readonly #entries = new Map<string, Entry<V>>();
  #oldest: Entry<V> | undefined;
  #youngest: Entry<V> | undefined;

  get size(): number {
    return this.#entries.size;
  }

  get oldest(): { readonly key: string; readonly value: V } | undefined {
    return this.#oldest;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The youngest now, also where the key was there before. */
  set(key: string, value: V): void {
    this.delete(key);
    const entry: Entry<V> = { key, value, older: this.#youngest, younger: undefined };
    this.#entries.set(key, entry);
    if (this.#youngest === undefined) this.#oldest = entry;
    else this.#youngest.younger = entry;
    this.#youngest = entry;
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    const { older, younger } = entry;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    return this.#entries.delete(key);
  }

  /** The oldest first. */
  *values(): Generator<V, void> {
    for (let entry = this.#oldest; entry !== undefined; entry = entry.younger) yield entry.value;
  }
}

interface Entry<V> {
  readonly key: string;
  readonly value: V;
  older: Entry<V> | undefined;
  younger: Entry<V> | undefined;
}
