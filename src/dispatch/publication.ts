/** One publish of one event: the facts of its envelope, which is sealed when somebody looks. */
import { type Envelope, type EventHeaders, type Priority, seal } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import { headersOf } from "../event/headers.js";
import { Tree } from "../ledger/tree.js";
import type { CallerContext } from "../runtime/context.js";
import type { Moment } from "../runtime/turn.js";
import type { Follower } from "./follower.js";
import type { Routing, Topic } from "./topics.js";

/** Where an event comes from. */
export interface Cause {
  readonly correlation: string | undefined;
  readonly cause: string | undefined;
  readonly hops: number;
  /** The names of the events that led here, the latest last; kept short. */
  readonly chain: readonly string[];
}

/** The cause of an event that nothing led to. */
export const NO_CAUSE: Cause = Object.freeze({
  correlation: undefined,
  cause: undefined,
  hops: 0,
  chain: Object.freeze([]),
});

/** What most publishes have in common, so that they share it. */
export interface Particulars {
  readonly priority: Priority;
  readonly headers: EventHeaders;
  readonly from: Cause;
  /** Undefined where it is the bus's own. */
  readonly source: string | undefined;
  /** In milliseconds since the epoch: not to be delivered before. */
  readonly dueAt: number | undefined;
  /** In milliseconds since the epoch: not to be delivered after. */
  readonly expiresAt: number | undefined;
}

const NO_HEADERS: EventHeaders = headersOf();
const PRIORITY_DEFAULT = 3;

/* By priority. */
const PLAIN: readonly Particulars[] = ([0, 1, 2, 3, 4, 5, 6, 7] as const).map((priority) =>
  Object.freeze({
    priority,
    headers: NO_HEADERS,
    from: NO_CAUSE,
    source: undefined,
    dueAt: undefined,
    expiresAt: undefined,
  }),
);

/** The particulars of a publish with nothing particular but its priority. */
export function plainParticulars(priority: Priority = PRIORITY_DEFAULT): Particulars {
  return PLAIN[priority]!;
}

/** What is told apart from publish to publish. */
export interface PublicationFacts {
  readonly id: string | undefined;
  readonly key: string | undefined;
  readonly moment: Moment;
  readonly caller: CallerContext | undefined;
  readonly particulars: Particulars;
  /** The tree that it belongs to; undefined where it is the root of one whose deliveries are all placed at once. */
  readonly tree: Tree | undefined;
}

/* The tree of every event whose only delivery was handled before anybody asked. */
const HANDLED = new Tree(1);
HANDLED.done();

/* It is all that waits for nearly every event: a field more is eight bytes more per waiting event. */
export class Publication {
  readonly event: AnyEvent;
  /** Where its topic led when it was published. */
  readonly routing: Routing;
  readonly key: string | undefined;
  readonly moment: Moment;
  readonly caller: CallerContext | undefined;
  readonly #particulars: Particulars;
  #id: string | number;
  #envelope: Envelope | undefined = undefined;
  #tree: Tree | undefined;

  constructor(event: AnyEvent, routing: Routing, facts: PublicationFacts) {
    this.event = event;
    this.routing = routing;
    this.key = facts.key;
    this.moment = facts.moment;
    this.caller = facts.caller;
    this.#particulars = facts.particulars;
    this.#id = facts.id ?? routing.topic.origin.ids.next();
    this.#tree = facts.tree;
  }

  get topic(): Topic {
    return this.routing.topic;
  }
  get priority(): Priority {
    return this.#particulars.priority;
  }
  get headers(): EventHeaders {
    return this.#particulars.headers;
  }
  get dueAt(): number | undefined {
    return this.#particulars.dueAt;
  }
  get expiresAt(): number | undefined {
    return this.#particulars.expiresAt;
  }
  get cause(): string | undefined {
    return this.#particulars.from.cause;
  }
  get hops(): number {
    return this.#particulars.from.hops;
  }
  get chain(): readonly string[] {
    return this.#particulars.from.chain;
  }

  get name(): string {
    return this.topic.definition.name;
  }

  get id(): string {
    if (typeof this.#id === "number") this.#id = this.topic.origin.ids.text(this.#id);
    return this.#id;
  }

  /** The id, or the number that becomes it when somebody looks. */
  get idKey(): string | number {
    return this.#id;
  }

  /** Whoever follows what becomes of it: of a task, its run. */
  get follower(): Follower | undefined {
    return undefined;
  }

  /** The id of the first event of the chain. */
  get correlation(): string {
    return this.#particulars.from.correlation ?? this.id;
  }

  /** How its deliveries end, and those of all that is published inside them. */
  get tree(): Tree {
    return (this.#tree ??= new Tree(this.routing.routes.length));
  }

  /** One of its deliveries was handled. */
  handled(): void {
    if (this.#tree === undefined && this.routing.routes.length === 1) this.#tree = HANDLED;
    else this.tree.done();
  }

  get envelope(): Envelope {
    return (this.#envelope ??= this.sealed(this.event));
  }

  /** An envelope around another event in this one's place. */
  sealed(event: AnyEvent): Envelope {
    const { key, priority, headers, moment, cause, hops, id, correlation, dueAt, expiresAt } = this;
    const trace = headers["traceparent"];
    return seal(event, {
      id,
      source: this.#particulars.source ?? this.topic.origin.source,
      key,
      priority,
      headers,
      cause,
      hops,
      correlation,
      trace,
      time: moment.wall,
      dueAt,
      expiresAt,
    });
  }
}
