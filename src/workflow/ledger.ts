/**
 * What has become of each member of a group. Whether it is complete, and whether its requirement can be met, is looked up
 * here and never counted along, so that nothing told twice, or late, or not at all can change the answer.
 */
import type { Ending } from "../task/work.js";
import type { Settled } from "./workflow.js";

export class Ledger {
  readonly settled: (Settled<unknown> | undefined)[];
  /* Members by their index. */
  readonly #open: Set<number>;
  readonly #done = new Set<number>();
  #failure: unknown;

  constructor(size: number) {
    this.settled = Array<undefined>(size).fill(undefined);
    this.#open = new Set(this.settled.keys());
  }

  get size(): number {
    return this.settled.length;
  }
  get isComplete(): boolean {
    return this.#open.size === 0;
  }
  get ended(): number {
    return this.size - this.#open.size;
  }
  get done(): number {
    return this.#done.size;
  }
  /** What the first member that failed failed with. */
  get failure(): unknown {
    return this.#failure;
  }

  isOpen(index: number): boolean {
    return this.#open.has(index);
  }

  /** Whether so many results can still come together. */
  canGive(required: number): boolean {
    return this.#done.size + this.#open.size >= required;
  }

  /** The first ending of a member counts. */
  settle(index: number, ending: Ending): void {
    if (!this.#open.delete(index)) return;
    this.settled[index] = Object.freeze(ending.state === "cancelled" ? { state: "cancelled" } : ending);
    if (ending.state === "done") this.#done.add(index);
    else if (ending.state === "failed") this.#failure ??= ending.error;
  }
}
