/** The envelope: a sealed event, frozen, with everything that travels beside its data. */
import { atOnce } from "../runtime/thenable.js";
import { definitionOf } from "./definition.js";
import type { AnyEvent, DataOf, NameOf } from "./event-types.js";

/** A sealed event; a union of events gives a union that `name` tells apart. */
export type Envelope<E extends AnyEvent = AnyEvent> = E extends unknown ? Sealed<E> : never;

export interface Sealed<E extends AnyEvent> {
  readonly id: string;
  readonly name: NameOf<E>;
  /** The version of the data. */
  readonly version: number;
  /** When it was published, in milliseconds since the epoch. */
  readonly time: number;
  /** Who published it: a URI reference. */
  readonly source: string;
  /** Order is kept per key. */
  readonly key: string | undefined;
  /** 7 goes first. */
  readonly priority: Priority;
  /** Not to be delivered before, in milliseconds since the epoch. */
  readonly dueAt: number | undefined;
  /** Not to be delivered after, in milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
  /** The id of the first event of the chain. */
  readonly correlation: string;
  /** The id of the event that caused this one. */
  readonly cause: string | undefined;
  /** How many events there are above it in the chain. */
  readonly hops: number;
  /** A W3C traceparent. */
  readonly trace: string | undefined;
  readonly headers: EventHeaders;
  readonly data: DataOf<E>;
}

/** Texts that travel with an event; an object without a prototype. */
export type EventHeaders = Readonly<Record<string, string>>;

/** 7 goes first, 3 is the default. */
export type Priority = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** What a publish adds to an event. */
export type EnvelopeFacts = Omit<Sealed<AnyEvent>, "name" | "version" | "data">;

/** Puts an event into its envelope; the data of the envelope are the event itself, whose fields are its data. */
export function seal<E extends AnyEvent>(event: E, facts: EnvelopeFacts): Envelope<E> {
  const { name, version } = definitionOf(event);
  const { id, time, source, key, priority, dueAt, expiresAt, correlation, cause, hops, trace, headers } =
    facts;
  // One literal, so that all envelopes have one hidden class: spread is slower, and takes the order of its source.
  const sealed = {
    id,
    name,
    version,
    time,
    source,
    key,
    priority,
    dueAt,
    expiresAt,
    correlation,
    cause,
    hops,
    trace,
    headers,
    data: event,
  };
  return Object.freeze(sealed) as unknown as Envelope<E>;
}

/** The key of an event: the one given with the publish, or what its class computes; what `key` throws goes on. */
export function keyOf(event: AnyEvent, given: string | undefined): string | undefined {
  const { key: compute, name } = definitionOf(event);
  const key: unknown = given ?? atOnce(compute?.(event), "key");
  if (key === undefined || typeof key === "string") return key;
  throw new TypeError(`Expected the key of event ${name} to be a text or undefined, got ${typeof key}.`);
}
