/** All subscriptions of a bus at work: their routes by name, their lanes, and the topics that lead to them. */
import type { BatchOptions, LaneOptions } from "../delivery/policies.js";
import { batchLimits, laneLimits } from "../lane/lane-options.js";
import { BoundedLane, type LaneWiring } from "../lane/lane.js";
import type { Grower, Queued } from "../lane/queued.js";
import { didYouMean, refuse } from "../runtime/options.js";
import type { Subscription } from "../subscriber/subscription.js";
import { tickClass } from "../task/tick.js";
import { Route } from "./route.js";
import type { Publication } from "./publication.js";
import { Ticket } from "./ticket.js";
import type { Topics } from "./topics.js";

export class Registry {
  readonly lanes: Map<string, BoundedLane<Ticket>> = new Map();
  readonly #routes = new Map<string, Route>();
  /* Lanes of their own, with the subscriptions that have left them. */
  readonly #leaving = new Map<BoundedLane<Queued>, Route>();
  readonly #topics: Topics;
  readonly #wiring: LaneWiring<Ticket>;
  readonly #shared: readonly string[];

  constructor(
    lanes: Readonly<Record<string, LaneOptions | undefined>>,
    topics: Topics,
    wiring: LaneWiring<Ticket>,
  ) {
    this.#topics = topics;
    this.#wiring = wiring;
    this.#shared = Object.keys(lanes);
    for (const [name, options] of Object.entries(lanes)) this.#addLane(name, options ?? {});
  }

  get routes(): Iterable<Route> {
    return this.#routes.values();
  }

  route(name: string): Route | undefined {
    return this.#routes.get(name);
  }

  /** One sentence for each thing that keeps the subscription from joining. */
  faults(subscription: Subscription): string[] {
    const { name, lane, events } = subscription;
    const faults: string[] = [];
    if (this.#routes.has(name))
      faults.push(`Two subscriptions have the name ${name}. Give one of them another \`name\`.`);
    if (typeof lane === "string" && !this.#shared.includes(lane))
      faults.push(
        `${name} names the lane \`${lane}\`, which createBus({ lanes }) does not have.${didYouMean(lane, this.#shared)}`,
      );
    faults.push(...batchFaults(subscription));
    for (const event of events) faults.push(...this.#eventFaults(event, name));
    return faults;
  }

  /** Takes a subscription in; a `TypeError` tells all faults. */
  add(subscription: Subscription): Route {
    refuse(this.faults(subscription));
    const route = new Route(subscription, this.#laneOf(subscription), () =>
      this.#wiring.runtime.host.random(),
    );
    if (typeof subscription.lane !== "string") route.lane.servesOnly(growerOf(route));
    this.#routes.set(route.name, route);
    for (const topic of this.#topicsOf(subscription))
      this.#topics.route(topic, [...topic.routing.routes, route]);
    return route;
  }

  /** Future events do not come here any more; what was accepted before still does. */
  remove(route: Route): void {
    if (this.#routes.get(route.name) !== route) return;
    this.#routes.delete(route.name);
    for (const topic of this.#topicsOf(route.subscription))
      this.#topics.route(
        topic,
        topic.routing.routes.filter((each) => each !== route),
      );
    route.onRemoved?.();
    if (this.#shared.includes(route.lane.name)) return;
    this.#leaving.set(route.lane, route);
    this.sweep([route.lane]);
  }

  /** Own lanes of subscriptions that have left go when they are empty: looks at those that may be, or at all. */
  sweep(lanes: Iterable<BoundedLane<Queued>> = this.#leaving.keys()): void {
    for (const lane of lanes)
      if (lane.isUnused && this.#leaving.get(lane)?.underway === 0) this.#forget(lane);
  }

  /* The timer of a breaker would keep it, and the process, for as long as its pause. */
  #forget(lane: BoundedLane<Queued>): void {
    lane.stop();
    this.#leaving.delete(lane);
    this.lanes.delete(lane.name);
  }

  /* A tick is for one subscription: none gets all. */
  #topicsOf({ events }: Subscription) {
    return new Set(events.filter((event) => event !== tickClass).map((event) => this.#topics.of(event)));
  }

  /* The name of another class, or a task that somebody handles already. */
  #eventFaults(event: Subscription["events"][number], name: string): string[] {
    try {
      const { definition, routing } = this.#topics.of(event);
      if (definition.task === undefined || routing.routes.length === 0) return [];
      const who = `${routing.routes[0]!.name} and ${name}`;
      return [`Task ${definition.name} has two handlers (${who}). Keep one: a task has one result.`];
    } catch (error) {
      return [(error as Error).message];
    }
  }

  #laneOf({ name, lane, batch }: Subscription): BoundedLane<Ticket> {
    if (typeof lane === "string") return this.lanes.get(lane)!;
    return this.#addLane(name, lane ?? {}, batch);
  }

  /* A lane that still drains keeps its name. */
  #addLane(wanted: string, options: LaneOptions, batch?: BatchOptions): BoundedLane<Ticket> {
    let name = wanted;
    for (let more = 2; this.lanes.has(name); more++) name = `${wanted}#${more}`;
    const { runner } = this.#wiring;
    const wiring = { ...this.#wiring, runner: (batch && runner.batches) ?? runner };
    const lane = new BoundedLane<Ticket>(
      name,
      { ...laneLimits(options), batch: batch && batchLimits(batch) },
      wiring,
    );
    this.lanes.set(name, lane);
    return lane;
  }
}

/* What shares a lane comes one by one, what runs elsewhere too, and what is made for a delivery has one. */
function batchFaults({ name, batch, lane, scope }: Subscription): string[] {
  if (batch === undefined) return [];
  const own = typeof lane === "object" ? lane : {};
  const faults = [
    typeof lane === "string" && `lane ${lane} is shared. Give it \`lane: { … }\`, one of its own.`,
    typeof own.concurrency === "object" &&
      "its lane sets its slots by itself. Give it a number as `concurrency`.",
    own.worker !== undefined && "its lane runs on worker threads. Remove `worker`.",
    scope === "delivery" && 'its class is made for each delivery. Remove `scope: "delivery"`.',
  ];
  return faults.filter((fault) => fault !== false).map((fault) => `${name} takes batches, and ${fault}`);
}

/* The seeds of a lane that serves one subscription are publications. */
function growerOf(route: Route): Grower<Ticket> {
  return {
    standings: route.standings,
    grow: (seed) => new Ticket(route, seed as Publication, undefined),
  };
}
