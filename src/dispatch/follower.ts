/** Whoever waits for what becomes of a publication with one delivery: the run of a task. */
import type { FailedAttempt } from "../errors.js";
import type { Tree } from "../ledger/tree.js";
import type { Queued } from "../lane/queued.js";

export interface Follower {
  /** Why nobody wants it any more. */
  readonly cancelReason: string | undefined;
  /** Its id, or the number that becomes one. */
  sealed(key: string | number): void;
  /** Its delivery, or the next one where it is handed out again. */
  carriedBy(queued: Queued): void;
  /** The tree of the work that it is a part of. */
  readonly tree: Tree | undefined;
  /** A transport is asked to take it, in a transaction perhaps. */
  sent(transaction: unknown): void;
  /** Its delivery was handled, and may have to wait for its settlement; answers whether it does. */
  holds(settle: () => void): boolean;
  /** A part of what was accepted before: a bus that is closing takes it still. */
  readonly isOwed: boolean;
  /** What the handler gave; throws where that cannot be. */
  takes(answer: unknown): void;
  /** Its delivery was handled. */
  done(): void;
  /** There will be no delivery: its publish is refused, or its transaction taken back. */
  withdrawn(reason: string): void;
  /** Its delivery ended in another way: given back to its transport, perhaps. */
  ended(
    because: { readonly reason: string; readonly error?: unknown },
    attempts: readonly FailedAttempt[],
    isGivenBack: boolean,
  ): void;
}

export const NO_ATTEMPTS: readonly FailedAttempt[] = Object.freeze([]);
