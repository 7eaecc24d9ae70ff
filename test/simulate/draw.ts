/** What a workload draws from the tape of its run; where the tape has ended, the first and plainest of everything. */
import type { Tape } from "../../src/testing/simulate/tape.js";

export class Draw {
  readonly #tape: Tape;

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  /** From 0 up, below `count`. */
  below(count: number): number {
    return this.#tape.below(count);
  }

  pick<const T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === times - 1;
  }
}
