/** Which events a bus knows, by their definitions, and who gets them. */
import { definitionOf, type EventDefinition } from "../event/definition.js";
import type { Envelope } from "../event/envelope.js";
import type { AnyEvent, EventClass } from "../event/event.js";
import { type Carriage, StraightCarriage } from "./carriage.js";
import type { ReceiptFacts } from "./receipt-facts.js";
import type { Ids } from "../runtime/ids.js";
import type { Route } from "./route.js";

/** One event in one bus. */
export interface Topic {
  readonly definition: EventDefinition;
  readonly eventClass: EventClass;
  readonly origin: Origin;
  routing: Routing;
  taps: readonly Observer[];
  /** What brings its events to their lanes. */
  readonly carriage: Carriage;
  /** Whether somebody has been told that nobody listens. */
  isWarned: boolean;
}

/** Where a topic leads: replaced, never changed, since a publish goes to those that it began with. */
export interface Routing {
  readonly topic: Topic;
  readonly routes: readonly Route[];
  /** The receipt of a publish that all routes accepted at once. */
  readonly allAccepted: ReceiptFacts;
  /** Whether its subscriptions take every event as it is: no filter, no key of their own, no inbox, no port. */
  readonly isPlain: boolean;
}

/** The bus that an event is published in. */
export interface Origin {
  readonly ids: Ids;
  readonly source: string;
}

export type Observer = (event: AnyEvent, envelope: Envelope) => void;

/** A pattern over names, with whoever watches by it. */
export interface Tap {
  readonly matches: (name: string) => boolean;
  readonly observer: Observer;
}

export class Topics {
  readonly #byDefinition = new Map<EventDefinition, Topic>();
  readonly #byName = new Map<string, Topic>();
  readonly #carriageOf: (definition: EventDefinition) => Carriage;
  readonly #origin: Origin;
  #taps: readonly Tap[] = [];

  constructor(carriageOf: (definition: EventDefinition) => Carriage, origin: Origin) {
    this.#carriageOf = carriageOf;
    this.#origin = origin;
  }

  /** The topic of an event or a class; a `TypeError` where another class of this bus has its name. */
  of(subject: EventClass | AnyEvent): Topic {
    const definition = definitionOf(subject);
    return this.#byDefinition.get(definition) ?? this.#add(definition, subject);
  }

  /** By its name, or an alias of it. */
  named(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  all(): Iterable<Topic> {
    return this.#byDefinition.values();
  }

  /** The topic of an event as one subscription has it: what is published here goes there and nowhere else. */
  addressed(subject: EventClass, route: Route): Topic {
    const topic = this.of(subject);
    const own: Topic = {
      ...topic,
      get taps() {
        return topic.taps;
      },
    };
    own.routing = routingOf(own, [route]);
    return own;
  }

  /** Replaces the routes of an event. */
  route(topic: Topic, routes: readonly Route[]): void {
    topic.routing = routingOf(topic, routes);
  }

  addTap(tap: Tap): () => void {
    this.#taps = [...this.#taps, tap];
    this.#spreadTaps();
    return () => {
      this.#taps = this.#taps.filter((each) => each !== tap);
      this.#spreadTaps();
    };
  }

  #add(definition: EventDefinition, subject: EventClass | AnyEvent): Topic {
    const { name, aliases } = definition;
    const eventClass = (typeof subject === "function" ? subject : subject.constructor) as EventClass;
    const topic: Topic = {
      definition,
      eventClass,
      origin: this.#origin,
      routing: undefined as never, // it leads back here
      taps: this.#tapsOf(name),
      carriage: this.#carriageOf(definition),
      isWarned: false,
    };
    topic.routing = routingOf(topic, []);
    for (const each of [name, ...aliases]) this.#refuseTwin(each, eventClass);
    for (const each of [name, ...aliases]) this.#byName.set(each, topic);
    this.#byDefinition.set(definition, topic);
    return topic;
  }

  #refuseTwin(name: string, eventClass: EventClass): void {
    const twin = this.#byName.get(name);
    if (twin === undefined) return;
    const who = `${twin.eventClass.name} and ${eventClass.name}`;
    throw new TypeError(
      `Two event classes of this bus have the name ${name} (${who}). Name one of them otherwise, or import the same class in both places.`,
    );
  }

  #spreadTaps(): void {
    for (const topic of this.all()) topic.taps = this.#tapsOf(topic.definition.name);
  }

  #tapsOf(name: string): readonly Observer[] {
    return this.#taps.filter((tap) => tap.matches(name)).map((tap) => tap.observer);
  }
}

function routingOf(topic: Topic, routes: readonly Route[]): Routing {
  const isPlain = topic.carriage instanceof StraightCarriage && routes.every((route) => route.isPlain);
  return Object.freeze({
    topic,
    routes,
    allAccepted: allAccepted(routes.map((route) => route.name)),
    isPlain,
  });
}

function allAccepted(names: readonly string[]): ReceiptFacts {
  return Object.freeze({
    accepted: Object.freeze(names),
    deduplicated: Object.freeze([]),
    unhandled: names.length === 0,
    held: false,
  });
}
