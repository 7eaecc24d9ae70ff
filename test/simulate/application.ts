/** The applications that chance makes up: events, lanes of every kind, subscriptions with every policy. */
import { Event, type LaneOptions, type Overflow, type SubscriptionOptions } from "../../src/index.js";
import type { Draw } from "./draw.js";

interface Facts {
  /** No two events of a run have the same. */
  readonly n: number;
  /** What it is deduplicated by. */
  readonly twin: string;
}

export class Job extends Event("sim.job")<Facts> {}
export class Order extends Event("sim.order", { key: (order: Facts & { of: string }) => order.of })<
  Facts & { of: string }
> {}
export class Note extends Event("sim.note")<Facts> {}

export type AnyJob = Job | Order | Note;
export const EVENTS = [Job, Order, Note] as const;
export type JobClass = (typeof EVENTS)[number];

export interface SubscriptionPlan {
  readonly name: string;
  readonly events: readonly JobClass[];
  readonly options: SubscriptionOptions<AnyJob>;
  /** The options of its lane, its own or the shared one. */
  readonly lane: LaneOptions;
  readonly laneName: string;
  readonly attempts: number;
}

export interface BusPlan {
  readonly lanes: Readonly<Record<string, LaneOptions>>;
  readonly subscriptions: readonly SubscriptionPlan[];
  readonly context: boolean;
  /** Events go over the port of a transport. */
  readonly isCarried: boolean;
}

const OVERFLOWS: readonly Overflow[] = [
  "wait",
  "wait",
  "wait",
  "reject",
  "dropOldest",
  "dropNewest",
  "coalesce",
];

export function busPlan(draw: Draw, prefix: string): BusPlan {
  const lanes = { [`${prefix}.x`]: lanePlan(draw), [`${prefix}.y`]: lanePlan(draw) };
  const subscriptions = Array.from({ length: 1 + draw.below(4) }, (_, index) =>
    subscriptionPlan(draw, `${prefix}.s${index}`, lanes),
  );
  return { lanes, subscriptions, context: !draw.oneIn(5), isCarried: draw.oneIn(6) };
}

function lanePlan(draw: Draw): LaneOptions {
  return {
    concurrency: 1 + draw.below(3),
    capacity: 1 + draw.below(4),
    overflow: draw.pick(OVERFLOWS),
    waitMax: draw.pick(["30s", "30s", "15ms"]),
    ...(draw.oneIn(4) && { waitingMax: 1 + draw.below(2) }),
    ...(draw.oneIn(5) && { rate: { limit: 1 + draw.below(2), interval: "10ms" } }),
    ...(draw.oneIn(5) && { breaker: { failures: 1 + draw.below(2), pause: "25ms" } }),
  };
}

function subscriptionPlan(
  draw: Draw,
  name: string,
  lanes: Readonly<Record<string, LaneOptions>>,
): SubscriptionPlan {
  const [x, y] = Object.keys(lanes);
  const shared = draw.pick([x, x, y, undefined]);
  const own = shared === undefined ? lanePlan(draw) : undefined;
  const events = draw.pick([[Job], [Order], [Job, Order], [Order, Note]] as const);
  const attempts = 1 + draw.below(3);
  const options: SubscriptionOptions<AnyJob> = {
    name,
    lane: shared ?? own,
    retry: { attempts, delay: draw.pick([5, 20]), jitter: draw.oneIn(2), backoff: "fixed" },
    ...(draw.oneIn(4) && { timeout: 10, grace: 5, stuck: draw.pick(["hold", "release"]) }),
    ...(draw.oneIn(5) && { keyFailure: "park" as const }),
    ...(draw.oneIn(4) && { dedupe: { by: (job: AnyJob) => job.twin, window: "30ms" as const } }),
    ...(draw.oneIn(6) && { when: (job: AnyJob) => job.n % 5 !== 0 }),
    ...(draw.oneIn(4) && { steps: [async (_delivery, next) => next()] }),
  };
  const lane = own ?? lanes[shared!]!;
  return { name, events, options, lane, laneName: shared ?? name, attempts };
}

/** What becomes of an event in the handlers that it comes to. */
export interface JobPlan {
  /** So many attempts fail. */
  readonly fails: number;
  readonly how: "throws" | "rejects" | "asks" | "deadLetter" | "drop";
  /** What it waits for first. */
  readonly takes: "nothing" | "a turn" | "a while" | "too long" | "for ages";
  /** What it publishes, and where. */
  readonly publishes: "nothing" | "inside" | "by the bus" | "and forgets" | "elsewhere" | "in a transaction";
  readonly publishesAs: JobClass;
}

const HOWS = ["throws", "rejects", "asks", "throws", "deadLetter", "drop"] as const;
const TAKES = ["nothing", "a turn", "nothing", "a while", "a turn", "too long", "for ages"] as const;
const PUBLISHES = [
  "nothing",
  "nothing",
  "inside",
  "by the bus",
  "and forgets",
  "elsewhere",
  "in a transaction",
] as const;

export function jobPlan(draw: Draw, depth: number): JobPlan {
  return {
    fails: draw.pick([0, 0, 0, 1, 2, 3]),
    how: draw.pick(HOWS),
    takes: draw.pick(TAKES),
    publishes: depth > 1 ? "nothing" : draw.pick(PUBLISHES),
    publishesAs: draw.pick(EVENTS),
  };
}
