/** What a receipt tells, as values that many receipts share. */

/** What a receipt tells; lists of subscription names. */
export interface ReceiptFacts {
  readonly accepted: readonly string[];
  readonly deduplicated: readonly string[];
  readonly unhandled: boolean | "unknown";
  readonly held: boolean;
  /** The transport whose store settles the deliveries, if one does. */
  readonly settledBy?: string;
}

/** Before `start()`, or in a transaction: who gets it is decided at the release. */
export const HELD: ReceiptFacts = Object.freeze({
  accepted: Object.freeze([]),
  deduplicated: Object.freeze([]),
  unhandled: "unknown",
  held: true,
});

export const NONE: readonly string[] = Object.freeze([]);
