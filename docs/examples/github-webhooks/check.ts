// Compares what the client sent with what the server and the subscribers wrote down. Sets of ids, nothing else.
import type { WebhookDelivery } from "./deliveries.js";
import { expectedHandlings, subscriptions } from "./expectations.js";
import type { Ledger } from "./ledger.js";

export interface Verdict {
  readonly received: number;
  readonly published: number;
  readonly handled: number;
  readonly lost: number;
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
    faults: [
      ...notReceived.map(({ name, id }) => `NOT RECEIVED: ${name} ${id}`),
      ...notPublished.map(({ name, id }) => `NOT PUBLISHED: ${name} ${id}`),
      ...lost.map(
        ({ subscription, delivery }) => `LOST: ${subscription} never handled ${delivery.name} ${delivery.id}`,
      ),
      ...subscriptions.flatMap((subscription) => unwanted(subscription, deliveries, ledger)),
      ...outOfOrder(ledger),
    ],
  };
}

/** What a subscription handled twice, or should not have handled at all. */
function unwanted(subscription: string, deliveries: readonly WebhookDelivery[], ledger: Ledger): string[] {
  const wanted = expectedHandlings(deliveries).filter((handling) => handling.subscription === subscription);
  const left = new Set(wanted.map(({ delivery }) => delivery.id));
  return ledger
    .rows(subscription)
    .filter(({ id }) => !left.delete(id))
    .map(({ id, note }) => `ONCE TOO OFTEN: ${subscription} handled ${id} (${note})`);
}

/** Issues must be triaged in the order in which they came in, repository by repository. */
function outOfOrder(ledger: Ledger): string[] {
  const arrival = new Map([...ledger.ids("http.received")].map((id, index) => [id, index]));
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
