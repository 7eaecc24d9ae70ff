// The table at the end: one row per subscription.
import { subscriptions } from "./expectations.js";
import type { Ledger } from "./ledger.js";
import type { Watched } from "./watch.js";

/** A heading, and what stands below it for a subscription. */
export type Column = readonly [head: string, cell: (subscription: string) => string | number];

/** What only the process knows that watched its bus. */
export function watchedColumns(watched: (subscription: string) => Watched): readonly Column[] {
  return [
    ["retried", (subscription) => watched(subscription).retried],
    ["dead-lettered", (subscription) => watched(subscription).deadLettered],
    ["waiting peak", (subscription) => watched(subscription).waitingMax],
  ];
}

export function tableOf(ledger: Ledger, others: readonly Column[]): readonly string[] {
  const columns: readonly Column[] = [
    ["subscription", (subscription) => subscription],
    ["handled", (subscription) => ledger.ids(subscription).size],
    ...others,
    ["p50 ms", (subscription) => percentile(latencies(subscription, ledger), 50)],
    ["p99 ms", (subscription) => percentile(latencies(subscription, ledger), 99)],
  ];
  const rows = subscriptions.map((subscription) => columns.map(([, cell]) => String(cell(subscription))));
  return aligned([columns.map(([head]) => head), ...rows]);
}

/** From the first time the server had the webhook to the end of the handler's work, in milliseconds, sorted. */
function latencies(subscription: string, ledger: Ledger): number[] {
  const received = new Map<string, number>();
  for (const { id, at } of ledger.rows("http.received")) if (!received.has(id)) received.set(id, at);
  const took = ledger.rows(subscription).map(({ id, at }) => at - (received.get(id) ?? at));
  return took.sort((a, b) => a - b);
}

function percentile(sorted: readonly number[], percent: number): string {
  const value = sorted[Math.ceil((percent / 100) * sorted.length) - 1];
  return value === undefined ? "–" : value.toFixed(value < 10 ? 1 : 0);
}

/** The first column to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}
