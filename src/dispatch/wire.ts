/** Between publications and the envelopes that a transport carries. */
import { fromHeaders, http, toHeaders } from "../event/cloudevents-headers.js";
import type { Envelope } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import { isEvent } from "../event/definition.js";
import { revive } from "../event/revive.js";
import { UnknownEventError } from "../errors.js";
import type { WireEnvelope } from "../transport/transport.js";
import type { Facilities } from "./facilities.js";
import { Publication } from "./publication.js";
import type { Topic } from "./topics.js";

const NONE: readonly string[] = Object.freeze([]);

/** The envelope for the wire; serialised, it is CloudEvents in binary mode. */
export function toWire(publication: Publication, serialises: boolean): WireEnvelope {
  const { envelope } = publication;
  const { id, name, key, priority, dueAt, expiresAt } = envelope;
  const facts = { id, name, key, priority, dueAt, expiresAt };
  if (!serialises) return { ...facts, headers: envelope.headers, body: publication.event };
  return { ...facts, ...toHeaders(envelope, http) };
}

/** The publication of an envelope that came in; throws for an unknown name, a newer version and data that do not fit. */
export function fromWire(wire: WireEnvelope, facilities: Facilities): Publication {
  if (!(wire.body instanceof Uint8Array)) return unserialised(wire, facilities);
  const envelope = fromHeaders(
    { headers: wire.headers, body: wire.body },
    http,
    facilities.runtime.host.now(),
  );
  const topic = facilities.topics.named(envelope.name);
  if (topic === undefined) throw new UnknownEventError(envelope.name);
  return publicationOf(
    revive(topic.eventClass, envelope.data, envelope.version),
    envelope,
    topic,
    facilities,
  );
}

/** A publication with the facts of an envelope: for what came in, and for replays. */
export function publicationOf(
  event: AnyEvent,
  envelope: Omit<Envelope, "data" | "name">,
  topic: Topic,
  facilities: Facilities,
): Publication {
  const { id, key, priority, headers, time, correlation, cause, hops } = envelope;
  const facts = {
    id,
    key,
    priority,
    headers,
    time,
    correlation,
    cause,
    hops,
    caller: undefined,
    chain: NONE,
  };
  return new Publication(event, topic, facts, facilities);
}

function unserialised(wire: WireEnvelope, facilities: Facilities): Publication {
  const { id, key, priority, headers } = wire;
  if (!isEvent(wire.body)) throw new UnknownEventError(wire.name);
  const facts = {
    id,
    key,
    headers,
    priority: priority as Envelope["priority"],
    time: facilities.runtime.turn.now(),
  };
  const none = { correlation: undefined, cause: undefined, hops: 0, caller: undefined, chain: NONE };
  return new Publication(wire.body, facilities.topics.of(wire.body), { ...facts, ...none }, facilities);
}
