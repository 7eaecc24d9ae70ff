// Who should have handled what, from the payloads that the client sent. Written out a second time on purpose:
// it must not come from the decorators or the bus, which are what the check is about.
import type { WebhookDelivery } from "./deliveries.js";

/** One delivery that one subscription should have handled. */
export interface Handling {
  readonly subscription: string;
  readonly delivery: WebhookDelivery;
}

type Wants = (delivery: WebhookDelivery) => boolean;

const wants: Readonly<Record<string, Wants>> = {
  "audit.record": () => true,
  "issues.triage": among("issues", "issue_comment"),
  "releases.announce": (delivery) => delivery.name === "release" && isOut(delivery.payload),
  "search.index": among("push", "pull_request", "pull_request_review", "pull_request_review_comment"),
  "security.page": among(
    "code_scanning_alert",
    "dependabot_alert",
    "repository_vulnerability_alert",
    "security_advisory",
  ),
  "statistics.activity": among("fork", "watch", "issues", "pull_request", "release"),
  "statistics.pushes": among("push"),
  "statistics.stars": among("star"),
};

export const subscriptions: readonly string[] = Object.keys(wants);

export function expectedHandlings(deliveries: readonly WebhookDelivery[]): readonly Handling[] {
  return Object.entries(wants).flatMap(([subscription, wanted]) =>
    deliveries.filter(wanted).map((delivery) => ({ subscription, delivery })),
  );
}

function among(...names: string[]): Wants {
  return (delivery) => names.includes(delivery.name);
}

function isOut(payload: object): boolean {
  return "action" in payload && ["published", "released", "prereleased"].includes(String(payload.action));
}
