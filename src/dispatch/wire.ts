/** Between publications and the envelopes that a transport carries. */
import { fromHeaders, http, toHeaders } from "../event/cloudevents-headers.js";
import type { Envelope } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import { isEvent } from "../event/definition.js";
import { revive } from "../event/revive.js";
import { EnvelopeError, UnknownEventError } from "../errors.js";
import { CallerContext, withoutContext } from "../runtime/context.js";
import type { Features, WireEnvelope } from "../transport/transport.js";
import type { Facilities } from "./facilities.js";
import { NO_CAUSE, Publication } from "./publication.js";
import { Tree } from "../ledger/tree.js";
import { TaskPublication } from "./task-publication.js";
import type { Topic } from "./topics.js";

/**
 * The envelope for the wire; serialised, it is CloudEvents in binary mode. Throws an `EnvelopeError` with the path of
 * whatever does not survive, or is too large for the transport of this name.
 */
export function toWire(
  { envelope, event }: Pick<Publication, "envelope" | "event">,
  features: Features,
  transport: string,
): WireEnvelope {
  const { id, name, key, priority, dueAt, expiresAt } = envelope;
  const facts = { id, name, key, priority, dueAt, expiresAt };
  if (!features.serialises && features.holds === "lane")
    return { ...facts, headers: envelope.headers, body: event };
  const message = toHeaders(features.serialises ? envelope : { ...envelope, data: {} }, http);
  if (!features.serialises) return { ...facts, headers: message.headers, body: event };
  if (message.body.byteLength > features.bodyBytesMax) throw tooLarge(message.body, features, transport);
  return { ...facts, ...message };
}

function tooLarge({ byteLength }: Uint8Array, { bodyBytesMax }: Features, transport: string): EnvelopeError {
  const problem = `${byteLength} bytes of JSON, and transport ${transport} takes ${bodyBytesMax}`;
  return new EnvelopeError("data", problem, "Keep it elsewhere, and publish where it is.");
}

/** An event that came in, with what was sealed beside it. */
export interface Opened {
  readonly event: AnyEvent;
  readonly envelope: Unsealed;
  readonly topic: Topic;
}

/** The publication of an envelope that came in; throws as `opened` does. */
export function fromWire(wire: WireEnvelope, facilities: Facilities): Publication {
  const { event, envelope, topic } = opened(wire, facilities);
  return publicationOf(event, envelope, topic, facilities);
}

/** The event of an envelope that came in; throws for an unknown name, a newer version and data that do not fit. */
export function opened(wire: WireEnvelope, facilities: Facilities): Opened {
  const { body, headers } = wire;
  const now = facilities.runtime.host.now();
  if (body instanceof Uint8Array) return revived(fromHeaders({ headers, body }, http, now), facilities);
  if (!isEvent(body)) throw new UnknownEventError(wire.name);
  const topic = facilities.topics.of(body);
  const envelope =
    "ce-id" in headers
      ? fromHeaders({ headers, body: "" }, http, now)
      : unsealed(wire, now, facilities.source);
  return { event: body, envelope, topic };
}

function revived(envelope: Envelope, facilities: Facilities): Opened {
  const topic = facilities.topics.named(envelope.name);
  if (topic === undefined) throw new UnknownEventError(envelope.name);
  return { event: revive(topic.eventClass, envelope.data, envelope.version), envelope, topic };
}

/** The same envelope without the moment after which it is worth nothing. */
export function withoutExpiry(wire: WireEnvelope): WireEnvelope {
  const headers = Object.entries(wire.headers).filter(([name]) => name.toLowerCase() !== EXPIRY);
  return { ...wire, expiresAt: undefined, headers: Object.fromEntries(headers) };
}

const EXPIRY = `${http.prefixes[0]}expirytime`;

function unsealed(
  { id, key, priority, headers, expiresAt }: WireEnvelope,
  time: number,
  source: string,
): Unsealed {
  const facts = { id, key, priority: priority as Envelope["priority"], headers, time, expiresAt };
  return { ...facts, source, correlation: id, cause: undefined, hops: 0 };
}

type Unsealed = Pick<
  Envelope,
  "id" | "source" | "key" | "priority" | "headers" | "time" | "expiresAt" | "correlation" | "cause" | "hops"
>;

/** A publication with the facts of an envelope, in nobody's async context: for what came in, and for replays. */
export function publicationOf(
  event: AnyEvent,
  envelope: Unsealed,
  topic: Topic,
  facilities: Facilities,
): Publication {
  const { id, source, key, priority, headers, time, expiresAt, correlation, cause, hops } = envelope;
  const caller = facilities.keepsContext ? withoutContext(() => new CallerContext()) : undefined;
  const from = { correlation, cause, hops, chain: NO_CAUSE.chain };
  const particulars = { priority, headers, from, source, dueAt: undefined, expiresAt };
  const moment = { ...facilities.runtime.turn.moment(), wall: time };
  const facts = { id, key, moment, caller, particulars, tree: new Tree() };
  const { task, name } = topic.definition;
  if (task === undefined) return new Publication(event, topic.routing, facts);
  return new TaskPublication(
    event,
    topic.routing,
    facts,
    facilities.runs.received(id, name, facilities.desks.of(topic.carriage)),
  );
}
