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
}
