// Compares what the client sent with what the server and the subscribers wrote down. Sets of ids, nothing else.
import type { WebhookDelivery } from "./deliveries.js";
import { expectedHandlings, subscriptions } from "./expectations.js";
import type { Ledger, Row } from "./ledger.js";

export interface Verdict {
  readonly received: number;
  readonly published: number;
  readonly handled: number;
  readonly lost: number;
  /** Handled once more by the next process, after one was killed between the work and its settlement. */
  readonly handledAgain: number;
  /** Everything that is not as it should be, one line each; empty when all is well. */
  readonly faults: readonly string[];
}

export function check(deliveries: readonly WebhookDelivery[], ledger: Ledger): Verdict {
  const expected = expectedHandlings(deliveries);
  const lost = expected.filter(({ subscription, delivery }) => !ledger.ids(subscription).has(delivery.id));
  const missing = (store: string) => deliveries.filter(({ id }) => !ledger.ids(store).has(id));
  const notReceived = missing("http.received");
  const notPublished = missing("http.published");
  return {
    received: deliveries.length - notReceived.length,
    published: deliveries.length - notPublished.length,
    handled: expected.length - lost.length,
    lost: lost.length,
    handledAgain: subscriptions.reduce(
      (sum, subscription) => sum + repeatsOf(subscription, ledger).length,
      0,
    ),
    faults: [
      ...notReceived.map(({ name, id }) => `NOT RECEIVED: ${name} ${id}`),
      ...notPublished.map(({ name, id }) => `NOT PUBLISHED: ${name} ${id}`),
      ...publishedTwice(ledger),
      ...lost.map(
        ({ subscription, delivery }) => `LOST: ${subscription} never handled ${delivery.name} ${delivery.id}`,
      ),
      ...subscriptions.flatMap((subscription) => unwanted(subscription, deliveries, ledger)),
      ...outOfOrder(ledger),
    ],
  };
}

/** What a subscription handled once more, in a later life than the time before. */
export function repeatsOf(subscription: string, ledger: Ledger): readonly Row[] {
  const newest = new Map<string, number>();
  return ledger.rows(subscription).filter(({ id, life }) => {
    const before = newest.get(id);
    newest.set(id, life);
    return before !== undefined && before < life;
  });
}

/** An id may be sent often; new it is once. */
function publishedTwice(ledger: Ledger): string[] {
  const ids = ledger.rows("http.published").flatMap(({ id, note }) => (note === "new" ? [id] : []));
  return ids.filter((id, index) => ids.indexOf(id) < index).map((id) => `PUBLISHED TWICE: ${id}`);
}

/** What a subscription handled twice in one life, or should not have handled at all. */
function unwanted(subscription: string, deliveries: readonly WebhookDelivery[], ledger: Ledger): string[] {
  const wanted = expectedHandlings(deliveries).filter((handling) => handling.subscription === subscription);
  const left = new Set(wanted.map(({ delivery }) => delivery.id));
  const excused = new Set(repeatsOf(subscription, ledger));
  return ledger
    .rows(subscription)
    .filter((row) => !left.delete(row.id) && !excused.has(row))
    .map(({ id, note }) => `ONCE TOO OFTEN: ${subscription} handled ${id} (${note})`);
}

/** Issues must be triaged in the order in which they came in, repository by repository. */
function outOfOrder(ledger: Ledger): string[] {
  const arrival = arrivals(ledger);
  const newest = new Map<string, number>();
  const faults: string[] = [];
  for (const { id, note } of ledger.rows("issues.triage")) {
    const repository = note.slice(0, note.indexOf("#"));
    const index = arrival.get(id) ?? -1;
    if (index < (newest.get(repository) ?? -1)) faults.push(`OUT OF ORDER: issues.triage ${id} (${note})`);
    newest.set(repository, index);
  }
  return faults;
}

/** Its place among those that came in: the first time, or the last where it was published as new only then. */
function arrivals(ledger: Ledger): ReadonlyMap<string, number> {
  const isNew = new Set(
    ledger.rows("http.published").flatMap(({ id, note }) => (note === "new" ? [id] : [])),
  );
  const arrival = new Map<string, number>();
  for (const [index, { id }] of ledger.rows("http.received").entries())
    if (isNew.has(id) || !arrival.has(id)) arrival.set(id, index);
  return arrival;
}
