/**
 * A map whose keys are numbers that come nearly in order, or texts. The numbers stand in pages, since a `Map` of what is
 * added and taken away at the speed of deliveries costs as much as a fifth of each.
 */
interface Page<V> {
  readonly values: (V | undefined)[];
  count: number;
}

const BITS = 8;
const MASK = (1 << BITS) - 1;

export class PagedMap<V> {
  readonly #pages = new Map<number, Page<V>>();
  readonly #byText = new Map<string, V>();
  /* The page of the latest key: almost always that of the next one, too. */
  #page: Page<V> | undefined;
  #number = -1;
  #size = 0;

  get size(): number {
    return this.#size + this.#byText.size;
  }

  get(key: number | string): V | undefined {
    if (typeof key === "string") return this.#byText.get(key);
    return this.#pages.get(pageOf(key))?.values[key & MASK];
  }

  set(key: number | string, value: V): void {
    if (typeof key === "string") return void this.#byText.set(key, value);
    const page = this.#pageFor(pageOf(key));
    if (page.values[key & MASK] === undefined) {
      page.count++;
      this.#size++;
    }
    page.values[key & MASK] = value;
  }

  delete(key: number | string): void {
    if (typeof key === "string") return void this.#byText.delete(key);
    const number = pageOf(key);
    const page = this.#pages.get(number);
    if (page?.values[key & MASK] === undefined) return;
    page.values[key & MASK] = undefined;
    this.#size--;
    if (--page.count > 0) return;
    this.#pages.delete(number);
    if (this.#number === number) this.#number = -1;
  }

  #pageFor(number: number): Page<V> {
    if (this.#number === number) return this.#page!;
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = { values: Array<V | undefined>(MASK + 1).fill(undefined), count: 0 };
      this.#pages.set(number, page);
    }
    this.#number = number;
    return (this.#page = page);
  }
}

/* By division: a number may be greater than what a shift keeps. */
function pageOf(key: number): number {
  return Math.floor(key / (MASK + 1));
}
