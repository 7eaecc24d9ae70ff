/** Between publications and the envelopes that a transport carries. */
import { fromHeaders, http, toHeaders } from "../event/cloudevents-headers.js";
import type { Envelope } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import { isEvent } from "../event/definition.js";
import { revive } from "../event/revive.js";
import { UnknownEventError } from "../errors.js";
import type { WireEnvelope } from "../transport/transport.js";
import type { Facilities } from "./facilities.js";
import { NO_CAUSE, Publication } from "./publication.js";
import type { Topic } from "./topics.js";

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
  const from = { correlation, cause, hops, chain: NO_CAUSE.chain };
  return new Publication(
    event,
    topic,
    { id, key, priority, headers, time, caller: undefined, from },
    facilities,
  );
}

function unserialised(wire: WireEnvelope, facilities: Facilities): Publication {
  const { id, key, headers, body } = wire;
  if (!isEvent(body)) throw new UnknownEventError(wire.name);
  const priority = wire.priority as Envelope["priority"];
  const time = facilities.runtime.turn.now();
  const facts = { id, key, headers, priority, time, caller: undefined, from: NO_CAUSE };
  return new Publication(body, facilities.topics.of(body), facts, facilities);
}
