/** A queue of fixed blocks, linked: it grows without copying and gives back what it no longer needs. */

const BLOCK = 256;

interface Block<T> {
  readonly items: (T | undefined)[];
  next: Block<T> | undefined;
}

export class Ring<T> {
  #length = 0;
  #first: Block<T> = block();
  #last: Block<T> = this.#first;
  #head = 0;
  #tail = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#tail === BLOCK) {
      this.#last = this.#last.next = block();
      this.#tail = 0;
    }
    this.#last.items[this.#tail++] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#first.items[this.#head];
    this.#first.items[this.#head++] = undefined;
    this.#length--;
    if (this.#length === 0) this.#head = this.#tail = 0;
    else if (this.#head === BLOCK) this.#nextBlock();
    return item;
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#first.items[this.#head];
  }

  /** Keeps what the test accepts, in order. */
  keep(isKept: (item: T) => boolean): void {
    for (let left = this.#length; left > 0; left--) {
      const item = this.shift() as T;
      if (isKept(item)) this.push(item);
    }
  }

  /** Puts something else in the place of each, in order. */
  replace(made: (item: T) => T): void {
    for (let left = this.#length; left > 0; left--) this.push(made(this.shift() as T));
  }

  *[Symbol.iterator](): Generator<T> {
    let at: Block<T> | undefined = this.#first;
    let index = this.#head;
    for (let left = this.#length; left > 0; left--, index++) {
      if (index === BLOCK) {
        at = at?.next;
        index = 0;
      }
      yield at?.items[index] as T;
    }
  }

  #nextBlock(): void {
    this.#first = this.#first.next ?? block();
    this.#head = 0;
  }
}

function block<T>(): Block<T> {
  return { items: Array<T | undefined>(BLOCK).fill(undefined), next: undefined };
}
