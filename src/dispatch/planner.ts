/**
 * The one synchronous step that decides all routes of a publish: who gets it, who had it, which lane has room, who must
 * wait. A plan that nobody refuses is carried out; one that a lane refuses leaves no trace.
 */
import { CascadeOverflowError, LaneFullError, CauseDepthError } from "../errors.js";
import { deadLetter } from "../delivery/outcome.js";
import type { Verdict } from "../lane/lane.js";
import { atOnce } from "../runtime/thenable.js";
import { circleOf } from "../runtime/wait-for.js";
import { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import type { Publication } from "./publication.js";
import type { Route } from "./route.js";
import { type Foregone, Ticket } from "./ticket.js";
import type { Topic } from "./topics.js";

/** What is to become of a ticket. */
export type Decision = Verdict | "filtered" | "deduplicated";

export interface Plan {
  readonly tickets: Ticket[];
  readonly decisions: Decision[];
  /** Names of those that took one of it when it was published before. */
  readonly acceptedBefore: readonly string[];
  /** Every lane has room: what nearly all plans are. */
  isCalm: boolean;
  hasWaiting: boolean;
  /** How many of it wait in which lane. */
  readonly waits: Map<Route["lane"], number>;
  /** Why the whole publish is refused. */
  refusal: Error | undefined;
}

/** A ticket with what was decided of it. */
export interface Decided {
  readonly ticket: Ticket;
  readonly decision: Decision;
}

/** What the plan has to know of the publish. */
export interface Planned {
  readonly publication: Publication;
  readonly routes: readonly Route[];
  /** Names of those that took it when this object was published before. */
  readonly acceptedBefore: readonly string[];
  /** Whether somebody took it then, if only to filter or to drop it: whoever watches has been told. */
  readonly isTold: boolean;
  /** The transport had it already: nobody gets it a second time. */
  isKnown: boolean;
}

/** So many events may lie between an event and the first of its chain. */
export const HOPS_MAX = 100;
const LOOP = deadLetter("loop");
const NOBODY: readonly Route[] = Object.freeze([]);

export class Planner {
  readonly #facilities: Facilities;

  constructor(facilities: Facilities) {
    this.#facilities = facilities;
  }

  /** Decides; `from` is the delivery that publishes. Held events (`isOwed`) wait where others are refused. */
  plan(publishes: readonly Planned[], from: AttemptDelivery | undefined, isOwed: boolean): Plan {
    const plan: Plan = {
      tickets: [],
      decisions: [],
      acceptedBefore: publishes.flatMap((each) => each.acceptedBefore),
      isCalm: true,
      hasWaiting: false,
      waits: new Map(),
      refusal: undefined,
    };
    for (const { publication, routes } of publishes)
      for (const route of routes) {
        const ticket = this.ticket(route, publication);
        const decision = this.#decide(ticket, plan, { from, isOwed });
        plan.tickets.push(ticket);
        plan.decisions.push(decision);
        if (decision !== "place") plan.isCalm = false;
        if (decision === "wait") waits(plan, route.lane);
        if (plan.refusal !== undefined) return undo(plan);
      }
    return plan;
  }

  /** A delivery to be, with what is decided before any handler runs. */
  ticket(route: Route, publication: Publication): Ticket {
    try {
      return new Ticket(route, publication, route.keyOf(publication.event, publication.key));
    } catch (error) {
      const ticket = new Ticket(route, publication, undefined);
      ticket.foregone = { error };
      return ticket;
    }
  }

  #decide(ticket: Ticket, plan: Plan, how: { from: AttemptDelivery | undefined; isOwed: boolean }): Decision {
    const sifted = this.sift(ticket, true);
    if (sifted !== undefined) return sifted;
    const { lane, debounce } = ticket.route;
    if (debounce?.supersedes(ticket) === true) return lane.claim(); // the older one's place is free in a moment
    const verdict = lane.judge(plan.waits.get(lane) ?? 0);
    if (verdict === "place" || verdict === "evict") return verdict;
    if (how.isOwed) return "wait";
    if (how.from !== undefined && lane.limits.overflow === "wait")
      return inside(ticket, verdict, plan, how.from);
    if (verdict === "refuse") plan.refusal = new LaneFullError(lane.name);
    return verdict;
  }

  /** What is decided on receipt, before any lane is asked; a store has the inbox itself. */
  sift(ticket: Ticket, usesInbox: boolean): "filtered" | "deduplicated" | undefined {
    if (ticket.publication.hops > HOPS_MAX) ticket.foregone = looped(ticket);
    if (isFiltered(ticket)) return "filtered";
    return usesInbox && !this.claimsInbox(ticket) ? "deduplicated" : undefined;
  }

  /** Whether the subscription has not had it yet; the ticket then owns its key in the inbox. */
  claimsInbox(ticket: Ticket): boolean {
    const { route, publication } = ticket;
    if (route.inbox === undefined || ticket.foregone !== undefined) return true;
    try {
      const key = route.inboxKeyOf(publication.event, () => publication.id);
      if (key === undefined) return true;
      ticket.inboxKey = key;
      return route.inbox.claim(key, ticket, this.#facilities.runtime.turn.monotonic());
    } catch (error) {
      ticket.foregone = { error };
      return true;
    }
  }
}

/** Whom a publish is planned for: a store fans out by itself. */
export function routesOf({ carriage, routing }: Topic): readonly Route[] {
  return carriage.isStore ? NOBODY : routing.routes;
}

/** The publishes of a plan, each with what was decided of its own tickets. */
export function* byPublish(
  publishes: readonly Planned[],
  { tickets, decisions }: Plan,
): Generator<readonly [Planned, readonly Decided[]]> {
  let at = 0;
  for (const planned of publishes) {
    const own = planned.routes.map((_, index) => ({
      ticket: tickets[at + index]!,
      decision: decisions[at + index]!,
    }));
    at += own.length;
    yield [planned, own];
  }
}

/** Whether the subscription has the event now, or will have it when its place is there. */
export function isAccepted({ ticket, decision }: Decided): boolean {
  return !ticket.isRefused && (decision === "place" || decision === "wait" || decision === "evict");
}

/* A wait that would close a circle of lanes can never end: it draws on the reserve instead. */
function inside(ticket: Ticket, verdict: Verdict, plan: Plan, from: AttemptDelivery): Decision {
  const { lane } = ticket.route;
  const { holder } = from;
  const circle = holder && circleOf(holder.ticket.route.lane, lane);
  if (circle === undefined) {
    if (verdict === "refuse") plan.refusal = new LaneFullError(lane.name);
    return verdict;
  }
  if (!lane.isReserveUsed) return lane.claim();
  plan.refusal = new CascadeOverflowError(lane.name, circle);
  return "refuse";
}

function waits(plan: Plan, lane: Route["lane"]): void {
  plan.hasWaiting = true;
  plan.waits.set(lane, (plan.waits.get(lane) ?? 0) + 1);
}

function looped({ route, publication }: Ticket): Foregone {
  return { outcome: LOOP, why: new CauseDepthError(route.name, [...publication.chain, publication.name]) };
}

function isFiltered(ticket: Ticket): boolean {
  const { when } = ticket.route.subscription.options;
  if (when === undefined || ticket.foregone !== undefined) return false;
  try {
    return !atOnce(when(ticket.publication.event), "when");
  } catch (error) {
    ticket.foregone = { error };
    return false;
  }
}

function undo(plan: Plan): Plan {
  plan.tickets.forEach((ticket, index) => {
    if (plan.decisions[index] === "place") ticket.route.lane.release();
    if (plan.decisions[index] !== "deduplicated") giveBackInbox(ticket);
  });
  return plan;
}

/** The delivery will not be: somebody else with its inbox key may. */
export function giveBackInbox(ticket: Ticket): void {
  if (ticket.inboxKey !== undefined) ticket.route.inbox?.free(ticket.inboxKey, ticket);
}
