/** What a run draws: numbers that a seed makes, or that were drawn before and are played again. */

export class Tape {
  /** All that has been drawn so far. */
  readonly drawn: number[] = [];
  readonly #given: readonly number[] | undefined;
  #state: number;

  /** With `given` the seed is not asked: past its end every draw is 0, the plainest choice. */
  constructor(seed: number, given?: readonly number[]) {
    this.#state = seed | 0;
    this.#given = given;
  }

  /** A whole number from 0 to 2³² - 1. */
  next(): number {
    const number = this.#given === undefined ? this.#mixed() : (this.#given[this.drawn.length] ?? 0);
    this.drawn.push(number);
    return number;
  }

  /** A whole number from 0 up, below `count`; draws only where there is a choice. */
  below(count: number): number {
    return count < 2 ? 0 : this.next() % count;
  }

  /** At least 0, below 1. */
  random(): number {
    return this.next() / 2 ** 32;
  }

  /* mulberry32 */
  #mixed(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

/** One seed makes several tapes, so that leaving out draws of one does not shift those of another. */
export function seedOf(seed: number, part: number): number {
  return Math.imul(seed ^ (part * 0x9e3779b9), 0x85ebca6b) ^ (seed >>> 13);
}
