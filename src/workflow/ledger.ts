/**
 * What has become of each member of a group. Whether it is complete, and whether its requirement can be met, is looked up
 * here and never counted along, so that nothing told twice, or late, or not at all can change the answer.
 */
import type { Ending } from "../task/work.js";
import type { Settled } from "./workflow.js";

export class Ledger {
  readonly #endings: (Ending | undefined)[];
  /* Members that ended without a result, by their index, in the order of their ends. */
  readonly #without = new Set<number>();
  /* All before it have ended. */
  #firstOpen = 0;
  /** How many have ended, for whoever follows the progress; nothing is decided by it. */
  ended = 0;

  constructor(size: number) {
    this.#endings = Array<undefined>(size).fill(undefined);
  }

  get size(): number {
    return this.#endings.length;
  }

  get isComplete(): boolean {
    while (this.#firstOpen < this.size && this.#endings[this.#firstOpen] !== undefined) this.#firstOpen++;
    return this.#firstOpen === this.size;
  }

  /** Whether so many results have come, or still can. */
  canGive(required: number): boolean {
    return this.size - this.#without.size >= required;
  }

  /** What the first member that failed failed with. */
  get failure(): unknown {
    for (const index of this.#without) {
      const ending = this.#endings[index];
      if (ending?.state === "failed") return ending.error;
    }
    return undefined;
  }

  /** How each member has ended, in their order. */
  get settled(): readonly Settled<unknown>[] {
    return this.#endings.map((ending) =>
      Object.freeze(ending === undefined || ending.state === "cancelled" ? { state: "cancelled" } : ending),
    );
  }

  /** The results of the members, in their order. */
  get values(): unknown[] {
    return this.#endings.map((ending) => (ending?.state === "done" ? ending.value : undefined));
  }

  /** The first ending of a member counts. */
  settle(index: number, ending: Ending): void {
    if (this.#endings[index] !== undefined) return;
    this.#endings[index] = ending;
    this.ended++;
    if (ending.state !== "done") this.#without.add(index);
  }
}
