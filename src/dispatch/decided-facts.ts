/** What the receipt of a publish tells, from what was decided of it. */
import { type Decided, isAccepted, type Planned } from "./planner.js";
import { NONE, type ReceiptFacts } from "./receipt-facts.js";

const UNHANDLED: ReceiptFacts = facts({ unhandled: true });

/** What was decided of a publish. The facts of a calm one are the same for every event of a topic: one object serves them all. */
export function factsOf(planned: Planned, decided: readonly Decided[], isCalm: boolean): ReceiptFacts {
  const { publication, routes, acceptedBefore } = planned;
  const { carriage, routing } = publication.topic;
  if (carriage.isStore) return storeFacts(planned);
  if (planned.isKnown) return facts({ deduplicated: routing.allAccepted.accepted });
  if (routes.length === 0 && acceptedBefore.length === 0) return UNHANDLED;
  if (isCalm && routes === routing.routes && acceptedBefore.length === 0) return routing.allAccepted;
  const named = (wanted: (each: Decided) => boolean): string[] =>
    decided.filter(wanted).map((each) => each.ticket.route.name);
  return facts({
    accepted: [...acceptedBefore, ...named(isAccepted)],
    deduplicated: named((each) => each.decision === "deduplicated"),
  });
}

/* What this bus knows of a store: its own subscriptions, and whether the event was there before. */
function storeFacts({ publication, isKnown }: Planned): ReceiptFacts {
  const { carriage, routing } = publication.topic;
  const { accepted } = routing.allAccepted;
  const names = isKnown ? { accepted: NONE, deduplicated: accepted } : { accepted };
  return facts({ ...names, unhandled: "unknown", settledBy: carriage.name });
}

function facts(given: Partial<ReceiptFacts>): ReceiptFacts {
  return Object.freeze({ accepted: NONE, deduplicated: NONE, unhandled: false, held: false, ...given });
}
