/** What PostgreSQL can do, as it is set up. */
import type { Features, Group } from "../transport/transport.js";
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

/** What it cannot do for a group. */
export function faultsOf({ name, start }: Group, { keepEventsMs }: Settings): readonly string[] {
  if (start !== "earliest" || keepEventsMs > 0) return [];
  return [
    `${name} begins with the earliest event, and none are kept. Give postgres() \`keepEvents\`, or begin "now".`,
  ];
}
