/** A subscription at work: its lane, its counts, its memory of what it had, and how its handler is called. */
import type { AnyEvent } from "../event/event.js";
import type { Handler } from "../delivery/delivery.js";
import type { BoundedLane } from "../lane/lane.js";
import type { KeyTable, Queued, Standings } from "../lane/queued.js";
import type { Final } from "../ledger/tree.js";
import { Inbox } from "../ledger/inbox.js";
import { type RetryPolicy, retryPolicy } from "../pipeline/retrying.js";
import type { TimeoutPolicy } from "../pipeline/timeout.js";
import { toMs } from "../runtime/duration.js";
import { show } from "../runtime/options.js";
import { atOnce } from "../runtime/thenable.js";
import type { Subscription } from "../subscriber/subscription.js";
import { Debounce } from "./debounce.js";

/** Deliveries of one subscription by how they are final; with those that stand in the lane they make up `routed`. */
export interface RouteCounts {
  routed: number;
  done: number;
  deadLettered: number;
  dropped: number;
  filtered: number;
  deduplicated: number;
  expired: number;
  abandoned: number;
}

/** Calls the handler with its receiver; a promise where anything around it waits. */
export type Call = Handler<AnyEvent>;

export class Route {
  readonly name: string;
  readonly subscription: Subscription;
  readonly lane: BoundedLane<Queued>;
  readonly keys: KeyTable = new Map();
  readonly standings: Standings = { waiting: 0, running: 0, retrying: 0 };
  readonly counts: RouteCounts = noCounts();
  readonly retry: RetryPolicy;
  readonly timeout: TimeoutPolicy | undefined;
  readonly inbox: Inbox | undefined;
  readonly debounce: Debounce | undefined;
  /** Whether nothing about an event decides if and how it comes here. */
  readonly isPlain: boolean;
  /** Keys whose deliveries go to the dead letters until they are resumed. */
  readonly parked: Set<string> = new Set();
  /** Publishes that wait for a place on behalf of this subscription. */
  waitingPublishes = 0;
  /** Deliveries that have a place and are not in the lane yet: reserved by a transaction, or on their way. */
  underway = 0;
  /** Told of each delivery that is final, where somebody waits for that. */
  onFinal: ((delivery: Queued, how: Final) => void) | undefined = undefined;
  /** Told when the subscription has left the bus. */
  onRemoved: (() => void) | undefined = undefined;
  /** Set at `start()`, when the subscriber has been resolved. */
  call: Call = notStarted;

  constructor(subscription: Subscription, lane: BoundedLane<Queued>, random: () => number) {
    const { retry, dedupe, debounce, when, key } = subscription.options;
    this.isPlain = [when, key, dedupe, debounce].every((option) => option === undefined);
    this.name = subscription.name;
    this.subscription = subscription;
    this.lane = lane;
    this.retry = retryPolicy(retry, random);
    this.timeout = timeoutPolicy(subscription);
    this.debounce = debounce && new Debounce(debounce);
    this.inbox = dedupe && new Inbox(toMs(dedupe.window, "dedupe.window"), dedupe.max ?? 100_000);
  }

  /** The key of an event here: the subscription may refine the event's own. */
  keyOf(event: AnyEvent, key: string | undefined): string | undefined {
    const refine = this.subscription.options.key;
    if (refine === undefined) return key;
    const refined: unknown = atOnce(refine(event), "key");
    if (refined === undefined || typeof refined === "string") return refined;
    throw new TypeError(
      `Expected \`key\` of ${this.name} to give a text or undefined, got ${show(refined)}.`,
    );
  }

  /** What the inbox knows an event by. */
  inboxKeyOf(event: AnyEvent, id: () => string): string | undefined {
    const by = this.subscription.options.dedupe?.by;
    if (by === undefined) return undefined;
    const known: unknown = by === "id" ? id() : atOnce(by(event), "dedupe.by");
    if (typeof known === "string") return known;
    throw new TypeError(`Expected \`dedupe.by\` of ${this.name} to give a text, got ${show(known)}.`);
  }
}

function timeoutPolicy({ options }: Subscription): TimeoutPolicy | undefined {
  const { timeout, grace = "1s", stuck = "hold" } = options;
  if (timeout === undefined) return undefined;
  return { timeoutMs: toMs(timeout, "timeout"), graceMs: toMs(grace, "grace"), stuck };
}

function notStarted(): never {
  throw new Error("A delivery started before its subscriber was resolved. Please report this.");
}

function noCounts(): RouteCounts {
  return {
    routed: 0,
    done: 0,
    deadLettered: 0,
    dropped: 0,
    filtered: 0,
    deduplicated: 0,
    expired: 0,
    abandoned: 0,
  };
}
