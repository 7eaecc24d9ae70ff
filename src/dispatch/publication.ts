/** One publish of one event: the facts of its envelope, which is sealed when somebody looks. */
import { type Envelope, type EventHeaders, type Priority, seal } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import type { CallerContext } from "../runtime/context.js";
import type { Ids } from "../runtime/ids.js";
import type { Topic } from "./topics.js";

/** What is told apart from publish to publish. */
export interface PublicationFacts {
  readonly id: string | undefined;
  readonly key: string | undefined;
  readonly priority: Priority;
  readonly headers: EventHeaders;
  readonly time: number;
  readonly caller: CallerContext | undefined;
  readonly correlation: string | undefined;
  readonly cause: string | undefined;
  readonly hops: number;
  /** The names of the events that led here, the latest last; kept short. */
  readonly chain: readonly string[];
}

export class Publication implements PublicationFacts {
  readonly event: AnyEvent;
  readonly topic: Topic;
  readonly key: string | undefined;
  readonly priority: Priority;
  readonly headers: EventHeaders;
  readonly time: number;
  readonly caller: CallerContext | undefined;
  readonly cause: string | undefined;
  readonly hops: number;
  readonly chain: readonly string[];
  readonly #correlation: string | undefined;
  readonly #number: number;
  readonly #ids: Ids;
  readonly #source: string;
  #id: string | undefined;
  #envelope: Envelope | undefined;

  constructor(event: AnyEvent, topic: Topic, facts: PublicationFacts, from: { ids: Ids; source: string }) {
    this.event = event;
    this.topic = topic;
    this.key = facts.key;
    this.priority = facts.priority;
    this.headers = facts.headers;
    this.time = facts.time;
    this.caller = facts.caller;
    this.cause = facts.cause;
    this.hops = facts.hops;
    this.chain = facts.chain;
    this.#correlation = facts.correlation;
    this.#number = from.ids.next();
    this.#ids = from.ids;
    this.#source = from.source;
    this.#id = facts.id;
  }

  get name(): string {
    return this.topic.definition.name;
  }

  get id(): string {
    return (this.#id ??= this.#ids.text(this.#number));
  }

  /** The id of the first event of the chain. */
  get correlation(): string {
    return this.#correlation ?? this.id;
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
      source: this.#source,
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
