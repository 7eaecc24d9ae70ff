/** What every store with tables declares, and what none can do for a group. */
import type { Features, Group } from "./transport.js";

type Own = Pick<Features, "survives" | "leaseMs" | "dedupeWindowMs" | "bodyBytesMax">;

export function storeFeatures({ survives, leaseMs, dedupeWindowMs, bodyBytesMax }: Own): Features {
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
    bodyBytesMax,
    transactions: true,
  });
}

/** The faults of a group on the store that this function makes, which keeps events for so long. */
export function earliestFaults(
  { name, start }: Group,
  maker: string,
  keepEventsMs: number,
): readonly string[] {
  if (start !== "earliest" || keepEventsMs > 0) return [];
  return [
    `${name} begins with the earliest event, and none are kept. Give ${maker}() \`keepEvents\`, or begin "now".`,
  ];
}
