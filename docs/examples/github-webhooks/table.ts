// The table at the end: one row per subscription.
import { subscriptions } from "./expectations.js";
import type { Ledger } from "./ledger.js";
import type { Watched } from "./watch.js";

const HEAD = ["subscription", "handled", "retried", "dead-lettered", "waiting peak", "p50 ms", "p99 ms"];

export function tableOf(ledger: Ledger, watched: (subscription: string) => Watched): readonly string[] {
  const rows = subscriptions.map((subscription) => {
    const { retried, deadLettered, waitingMax } = watched(subscription);
    const took = latencies(subscription, ledger);
    const handled = ledger.ids(subscription).size;
    return [
      subscription,
      handled,
      retried,
      deadLettered,
      waitingMax,
      percentile(took, 50),
      percentile(took, 99),
    ];
  });
  return aligned([HEAD, ...rows.map((row) => row.map(String))]);
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
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}
