/** One publish of one event: the facts of its envelope, which is sealed when somebody looks. */
import { type Envelope, type EventHeaders, type Priority, seal } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import type { CallerContext } from "../runtime/context.js";
import type { Ids } from "../runtime/ids.js";
import type { Topic } from "./topics.js";

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

/** What is told apart from publish to publish. */
export interface PublicationFacts {
  readonly id: string | undefined;
  readonly key: string | undefined;
  readonly priority: Priority;
  readonly headers: EventHeaders;
  readonly time: number;
  readonly caller: CallerContext | undefined;
  readonly from: Cause;
}

/** The bus that an event is published in. */
export interface Origin {
  readonly ids: Ids;
  readonly source: string;
}

export class Publication {
  readonly event: AnyEvent;
  readonly topic: Topic;
  readonly key: string | undefined;
  readonly priority: Priority;
  readonly headers: EventHeaders;
  readonly time: number;
  readonly caller: CallerContext | undefined;
  /** The transport had it already: nobody gets it a second time. */
  isKnown = false;
  readonly #from: Cause;
  readonly #origin: Origin;
  readonly #number: number;
  #id: string | undefined;
  #envelope: Envelope | undefined;

  constructor(event: AnyEvent, topic: Topic, facts: PublicationFacts, origin: Origin) {
    this.event = event;
    this.topic = topic;
    this.key = facts.key;
    this.priority = facts.priority;
    this.headers = facts.headers;
    this.time = facts.time;
    this.caller = facts.caller;
    this.#from = facts.from;
    this.#origin = origin;
    this.#number = origin.ids.next();
    this.#id = facts.id;
  }

  get cause(): string | undefined {
    return this.#from.cause;
  }
  get hops(): number {
    return this.#from.hops;
  }
  get chain(): readonly string[] {
    return this.#from.chain;
  }

  get name(): string {
    return this.topic.definition.name;
  }

  get id(): string {
    return (this.#id ??= this.#origin.ids.text(this.#number));
  }

  /** The id of the first event of the chain. */
  get correlation(): string {
    return this.#from.correlation ?? this.id;
  }

  get envelope(): Envelope {
    return (this.#envelope ??= this.sealed(this.event));
  }

  /** An envelope around another event in this one's place. */
  sealed(event: AnyEvent): Envelope {
    const { key, priority, headers, time, cause, hops, id, correlation } = this;
    const trace = headers["traceparent"];
    const times = { time, dueAt: undefined, expiresAt: undefined };
    return seal(event, {
      id,
      source: this.#origin.source,
      key,
      priority,
      headers,
      cause,
      hops,
      correlation,
      trace,
      ...times,
    });
  }
}
