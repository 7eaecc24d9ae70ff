/** Ids: a prefix that no other bus has, and a number; made into text only when somebody looks. */
import type { Host } from "./host.js";

export class Ids {
  #count = 0;
  readonly #prefix: string;

  constructor(host: Host) {
    this.#prefix = host.idPrefix();
  }

  /** The next number. */
  next(): number {
    return this.#count++;
  }

  /** The id of a number: unique among all buses, in the order of the numbers within one. */
  text(number: number): string {
    return `${this.#prefix}-${number.toString(36).padStart(6, "0")}`;
  }

  /** The number that an id was made of, or the id itself where it was not made here. */
  keyOf(id: string): string | number {
    const number = id.startsWith(`${this.#prefix}-`) ? parseInt(id.slice(this.#prefix.length + 1), 36) : NaN;
    return this.text(number) === id ? number : id;
  }
}
