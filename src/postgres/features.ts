/** What PostgreSQL can do, as it is set up. */
import type { Features } from "../transport/transport.js";
import type { Settings } from "./options.js";

/* A field has a gigabyte at most, and on its way the body is text of two characters a byte. */
const BODY_MAX = 250_000_000;

export function featuresOf({ survives, leaseMs, dedupeWindowMs }: Settings): Features {
  return Object.freeze({
    survives,
    serialises: true,
    holds: "store",
    order: "key",
    counts: "failures",
    fenced: true,
    leaseMs,
    retryAfterMaxMs: Infinity,
    dueMaxMs: Infinity,
    priorities: 8,
    dedupeWindowMs,
    bodyBytesMax: BODY_MAX,
    transactions: true,
  });
}
