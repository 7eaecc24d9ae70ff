/** Schedules by when they are due, the next first; each knows its place, so that it can be taken out. */

export interface Due {
  /** When, in milliseconds of the heap's clock. */
  at: number;
  /** Tells equal times apart. */
  readonly order: number;
  /** Its index in the heap; -1 where it is in none. */
  place: number;
}

export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get first(): T | undefined {
    return this.#items[0];
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#rise(item, this.#items.length);
  }

  /** Takes it out, where it is in. */
  delete(item: T): void {
    const { place } = item;
    if (place < 0) return;
    item.place = -1;
    const last = this.#items.pop()!;
    if (last === item) return;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  /** Takes all out. */
  clear(): readonly T[] {
    const items = this.#items.splice(0);
    for (const item of items) item.place = -1;
    return items;
  }

  #rise(item: T, from: number): void {
    let place = from;
    while (place > 0) {
      const parent = this.#items[(place - 1) >> 1]!;
      if (!isBefore(item, parent)) break;
      this.#put(parent, place);
      place = (place - 1) >> 1;
    }
    this.#put(item, place);
  }

  #sink(item: T, from: number): void {
    let place = from;
    for (let child = this.#lesserChild(place); child !== undefined; child = this.#lesserChild(place)) {
      if (!isBefore(child, item)) break;
      const below = child.place;
      this.#put(child, place);
      place = below;
    }
    this.#put(item, place);
  }

  #lesserChild(place: number): T | undefined {
    const left = this.#items[2 * place + 1];
    const right = this.#items[2 * place + 2];
    return left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
