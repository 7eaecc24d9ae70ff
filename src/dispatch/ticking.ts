/** The runs of schedules as deliveries: a tick goes to one subscription, and its run is over when that is final. */
import type { RunOutcome } from "../delivery/schedule.js";
import type { Tally } from "../delivery/receipt.js";
import type { AnyEvent, Work as TaskWork } from "../event/event.js";
import { type Final, Tree } from "../ledger/tree.js";
import { deadLetter } from "../delivery/outcome.js";
import type { Again, Run, Work } from "../schedule/run.js";
import { type Tick, tickClass } from "../task/tick.js";
import type { Facilities } from "./facilities.js";
import type { Placement } from "./placement.js";
import type { Planner } from "./planner.js";
import type { Publication } from "./publication.js";
import { PublishReceipt } from "./receipts.js";
import type { Route } from "./route.js";
import type { Sealer } from "./sealer.js";
import type { Settlement } from "./settlement.js";
import type { Ticket } from "./ticket.js";
import type { Topic } from "./topics.js";

export interface TickingParts {
  readonly facilities: Facilities;
  readonly sealer: Sealer;
  readonly planner: Planner;
  readonly placement: Placement;
  readonly settlement: Settlement;
}

interface Delivered {
  readonly publication: Publication;
  readonly ticket: Ticket;
  readonly final: Promise<RunOutcome>;
}

/* As a transport's deliveries: a tick that has ended so many processes is not tried in another. */
const CRASHES_MAX = 3;
const POISON = deadLetter("poison");

/** Brings ticks to one subscription. */
export class Ticker {
  readonly route: Route;
  /** The only schedule of the subscription was removed. */
  readonly removed: () => void;
  readonly #parts: TickingParts;
  readonly #topic: Topic;
  readonly #underway = new Map<object, (how: RunOutcome) => void>();

  constructor(route: Route, parts: TickingParts, onRemoved: () => void) {
    this.route = route;
    this.removed = onRemoved;
    this.#parts = parts;
    this.#topic = parts.facilities.topics.addressed(tickClass, route);
    route.onFinal = (delivery, how) => this.#final(delivery, how);
  }

  /** Delivers a tick; it is owed a place, and waits for one as long as it takes. */
  deliver(tick: Tick, again: Again | undefined): Delivered {
    const { sealer, planner, placement, facilities } = this.#parts;
    const tree = new Tree();
    const publication = sealer.seal(tick, this.#topic, again, { cause: undefined, tree });
    const { routes } = publication.routing;
    const planned = [{ publication, routes, acceptedBefore: [], isTold: false, isKnown: false }];
    const plan = planner.plan(planned, undefined, true);
    const ticket = plan.tickets[0]!;
    if (again !== undefined && again.times > this.route.retry.attempts + CRASHES_MAX)
      ticket.foregone = { outcome: POISON };
    const final = new Promise<RunOutcome>((resolve) => this.#underway.set(ticket, resolve));
    const placed = placement.carryOut(planned, plan, { from: undefined, isOwed: true });
    placed?.catch((error: unknown) => facilities.log.scheduleFailed(tick.schedule, error));
    return { publication, ticket, final };
  }

  receiptOf({ publication }: Delivered): PublishReceipt {
    return new PublishReceipt(publication, this.#topic.routing.allAccepted, this.#parts.facilities.bus);
  }

  /** Takes it out of its lane, or aborts its signal; it is not tried again. */
  cancel({ ticket }: Delivered, reason: string): void {
    if (ticket.standing === "ended") return;
    if (ticket.standing !== "running" || ticket.attempt === undefined)
      return this.#parts.settlement.giveUp(ticket, "abandoned", { reason });
    ticket.attempt.isWithdrawn = true;
    ticket.attempt.abort(new DOMException(`Aborted: ${reason}.`, "AbortError"));
  }

  /* A replay is no run. */
  #final(delivery: object, how: Final): void {
    this.#underway.get(delivery)?.(how as RunOutcome);
    this.#underway.delete(delivery);
  }
}

/** A marked method: its run is the delivery of the tick, retries included. */
export class HandlerWork implements Work {
  readonly #ticker: Ticker;

  constructor(ticker: Ticker) {
    this.#ticker = ticker;
  }

  begin(tick: Tick, over: (outcome: RunOutcome) => void, again?: Again): Run {
    const delivered = this.#ticker.deliver(tick, again);
    void delivered.final.then(over);
    return {
      receipt: this.#ticker.receiptOf(delivered),
      cancel: (reason) => this.#ticker.cancel(delivered, reason),
    };
  }

  removed(): void {
    this.#ticker.removed();
  }
}

/** A function that gives an event or work: its run is over when that, and all that it caused, is final. */
export class PublishingWork implements Work {
  readonly what: (tick: Tick) => AnyEvent | TaskWork;
  readonly #ticker: Ticker;
  /** Whether no other schedule has its subscription. */
  readonly isAlone: boolean;
  /** Whether it may be begun again elsewhere: what it publishes has the id of its tick. */
  readonly isKept: boolean;

  constructor(
    what: (tick: Tick) => AnyEvent | TaskWork,
    ticker: Ticker,
    how: { readonly isAlone: boolean; readonly isKept: boolean },
  ) {
    this.what = what;
    this.#ticker = ticker;
    this.isAlone = how.isAlone;
    this.isKept = how.isKept;
  }

  /* What is published is not taken back: once cancelled, the run does not wait for it any more. */
  begin(tick: Tick, over: (outcome: RunOutcome) => void, again?: Again): Run {
    const delivered = this.#ticker.deliver(tick, again);
    void delivered.publication.tree.settled(undefined).then((tally) => over(outcomeOf(tally)));
    return {
      receipt: this.#ticker.receiptOf(delivered),
      cancel: (reason) => {
        void delivered.final.then(() => over("abandoned"));
        this.#ticker.cancel(delivered, reason);
      },
    };
  }

  removed(): void {
    if (this.isAlone) this.#ticker.removed();
  }
}

/* The worst of what happened. */
function outcomeOf(tally: Tally): RunOutcome {
  const worst = (["deadLettered", "abandoned", "expired", "dropped"] as const).find(
    (each) => tally[each] > 0,
  );
  return worst ?? "done";
}
