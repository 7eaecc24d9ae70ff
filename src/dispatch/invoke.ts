/** `bus.invoke`: the handlers run now, inline, and what they throw comes out. No lane, no key, no retry, no dedupe. */
import { InvokeDepthError } from "../errors.js";
import { isOutcome } from "../delivery/outcome.js";
import { CallerContext, type Frame } from "../runtime/context.js";
import { atOnce, isThenable } from "../runtime/thenable.js";
import { AttemptDelivery, type AttemptHost, deliveryOf } from "./attempt.js";
import type { Publication } from "./publication.js";
import type { Route } from "./route.js";
import { Ticket } from "./ticket.js";

const DEPTH_MAX = 64;

/** An attempt that runs in its caller's place. */
class InlineAttempt extends AttemptDelivery {
  readonly depth: number;
  readonly #outer: AttemptDelivery | undefined;
  readonly #frame: Frame | undefined;

  constructor(ticket: Ticket, host: AttemptHost, frame: Frame | undefined) {
    super(ticket, host, host.moment());
    this.#outer = deliveryOf(frame);
    this.#frame = frame;
    this.depth = depthOf(this.#outer) + 1;
  }

  override get outer(): Frame | undefined {
    return this.transaction ?? this.#frame;
  }

  override get holder(): AttemptDelivery | undefined {
    return this.#outer?.holder;
  }
}

/** Runs all subscriptions of an event; rejects with what one threw, or with an `AggregateError` of all. */
export function invoke(publication: Publication, host: AttemptHost, frame: Frame | undefined): Promise<void> {
  if (depthOf(deliveryOf(frame)) >= DEPTH_MAX)
    throw new InvokeDepthError([...publication.chain, publication.name]);
  const { routes } = publication.routing;
  if (routes.length === 1) return run(routes[0]!, publication, host, frame);
  return all(
    routes.map((route) => run(route, publication, host, frame)),
    publication,
  );
}

async function all(runs: readonly Promise<void>[], publication: Publication): Promise<void> {
  const ended = await Promise.allSettled(runs);
  const errors = ended.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1)
    throw new AggregateError(errors, `${errors.length} handlers of ${publication.name} failed.`);
}

async function run(
  route: Route,
  publication: Publication,
  host: AttemptHost,
  frame: Frame | undefined,
): Promise<void> {
  const { when } = route.subscription.options;
  if (when !== undefined && !atOnce(when(publication.event), "when")) return;
  const ticket = new Ticket(route, publication, publication.key);
  const attempt = new InlineAttempt(ticket, host, frame);
  ticket.attempt = attempt;
  ticket.attempts = 1;
  try {
    const answer = new CallerContext().run(attempt, called, attempt); // half the price of AsyncLocalStorage.run
    const ended = isThenable(answer) ? await answer : answer;
    if (isOutcome(ended) && ended.outcome !== "done" && ended.outcome !== "drop")
      throw new Error(
        `${route.name} answered ${ended.outcome} (${ended.reason ?? "no reason"}) to an invoke, which has no queue to try again from.`,
      );
  } finally {
    attempt.over();
    ticket.standing = "ended";
  }
}

function called(attempt: InlineAttempt): unknown {
  return attempt.ticket.route.call(attempt.event, attempt);
}

function depthOf(attempt: AttemptDelivery | undefined): number {
  return attempt instanceof InlineAttempt ? attempt.depth : 0;
}
