/** What a bus looks like, as data and as text: lanes, subscriptions, steps, counts; and who gets an event, and why. */
import type { EventClass } from "../event/event.js";
import type { BoundedLane, Lane } from "../lane/lane.js";
import type { Queued } from "../lane/queued.js";
import type { Registry } from "./registry.js";
import type { Route } from "./route.js";
import type { Topics } from "./topics.js";

/** Data for tools, text for people: `String(bus.describe())`. */
export interface Description {
  readonly events: readonly {
    readonly name: string;
    readonly version: number;
    readonly subscriptions: readonly string[];
  }[];
  readonly lanes: readonly LaneDescription[];
  readonly subscriptions: readonly SubscriptionDescription[];
  readonly counts: { readonly published: number; readonly unhandled: number };
  toString(): string;
  toJSON(): object;
}
export interface LaneDescription {
  readonly name: string;
  readonly concurrency: number;
  readonly capacity: number;
  readonly overflow: string;
  readonly waiting: number;
  readonly waitingPublishes: number;
  readonly running: number;
  readonly retrying: number;
  readonly isPaused: boolean;
}
/** The counts add up at every instant: routed is the sum of all others. */
export interface SubscriptionDescription {
  readonly name: string;
  readonly events: readonly string[];
  readonly lane: string;
  readonly attempts: number;
  readonly timeoutMs: number | undefined;
  readonly steps: readonly string[];
  readonly counts: {
    readonly routed: number;
    readonly handled: number;
    readonly deadLettered: number;
    readonly dropped: number;
    readonly filtered: number;
    readonly deduplicated: number;
    readonly expired: number;
    readonly abandoned: number;
    readonly waiting: number;
    readonly retrying: number;
    readonly running: number;
  };
}

type DescribedLane = Lane & Pick<BoundedLane<Queued>, "limits">;

/** Describes the whole bus, or one event's part of it. */
export function describe(
  { registry, topics, counts }: { registry: Registry; topics: Topics; counts: Description["counts"] },
  event?: EventClass,
): Description {
  const topic = event && topics.of(event);
  const routes = topic?.routing.routes ?? [...registry.routes];
  const lanes: Iterable<DescribedLane> =
    topic === undefined ? registry.lanes.values() : new Set(routes.map((route) => route.lane));
  const ofEvent = (name: string): string[] =>
    routes
      .filter(({ subscription }) => subscription.events.some((each) => each.eventName === name))
      .map((route) => route.name);
  const facts = {
    events: (topic === undefined ? [...topics.all()] : [topic]).map(({ definition }) => ({
      name: definition.name,
      version: definition.version,
      subscriptions: ofEvent(definition.name),
    })),
    lanes: Array.from(lanes, laneFacts),
    subscriptions: routes.map(routeFacts),
    counts: { ...counts },
  };
  return { ...facts, toJSON: () => facts, toString: () => textOf(facts) };
}

function laneFacts(lane: DescribedLane): LaneDescription {
  const { name, concurrency, capacity, waiting, waitingPublishes, running, retrying, isPaused } = lane;
  const { overflow } = lane.limits;
  return { name, concurrency, capacity, overflow, waiting, waitingPublishes, running, retrying, isPaused };
}

function routeFacts(route: Route): SubscriptionDescription {
  const { name, subscription, counts, standings, lane, retry, timeout, waitingPublishes, underway } = route;
  const { done, ...rest } = counts;
  return {
    name,
    events: subscription.events.map((event) => event.eventName),
    lane: lane.name,
    attempts: retry.attempts,
    timeoutMs: timeout?.timeoutMs,
    steps: (subscription.options.steps ?? []).map((step) => step.about ?? (step.name || "a step")),
    counts: {
      ...rest,
      handled: done,
      ...standings,
      waiting: standings.waiting + waitingPublishes + underway,
    },
  };
}

function textOf({ events, lanes, subscriptions, counts }: Omit<Description, "toString" | "toJSON">): string {
  return [
    `${counts.published} events published, ${counts.unhandled} unhandled`,
    ...events.map(
      (event) =>
        `event ${event.name} (version ${event.version}) → ${event.subscriptions.join(", ") || "nobody"}`,
    ),
    ...lanes.map(
      (lane) =>
        `lane ${lane.name}: ${lane.running}/${lane.concurrency} running, ${lane.waiting}/${lane.capacity} waiting, ${lane.retrying} retrying, ${lane.overflow}${lane.isPaused ? ", paused" : ""}`,
    ),
    ...subscriptions.flatMap((each) => [
      `subscription ${each.name} ← ${each.events.join(", ")} in lane ${each.lane}, ${each.attempts} ${each.attempts === 1 ? "attempt" : "attempts"}${each.timeoutMs === undefined ? "" : `, timeout ${each.timeoutMs} ms`}`,
      ...each.steps.map((step) => `  step ${step}`),
    ]),
  ].join("\n");
}
