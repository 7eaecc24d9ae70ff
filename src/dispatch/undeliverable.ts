/** The dead letter of an item that cannot become a delivery: its bytes are kept, and why. */
import { EnvelopeError } from "../errors.js";
import { type Envelope, seal } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import type { Attempt, DeadLetter } from "../ledger/dead-letter-box.js";
import type { AttemptRecord, Item } from "../transport/transport.js";
import type { Facilities } from "./facilities.js";
import { opened } from "./wire.js";

/** `undecodable` where the wire is broken, `schema` where the name, the version or the data do not fit. */
export function deadLetterOf(item: Item, error: Error, { ids, runtime, source }: Facilities): DeadLetter {
  const now = runtime.host.now();
  const isBroken = "undecodable" in item.envelope || error instanceof EnvelopeError;
  return Object.freeze({
    id: ids.text(ids.next()),
    event: {} as AnyEvent,
    envelope: envelopeOf(item, now, source),
    subscription: item.group,
    reason: isBroken ? "undecodable" : "schema",
    at: new Date(now),
    attempts: Object.freeze([
      ...item.history.map(attemptOf),
      { attempt: item.failures + 1, at: new Date(now), ran: 0, error },
    ]),
    raw: rawOf(item),
  });
}

/** A letter as its store has it: an event where this bus can read it, and otherwise what there is of it. */
export function storedLetterOf(
  { item, reason, at }: { readonly item: Item; readonly reason: string; readonly at: number },
  id: string,
  facilities: Facilities,
): DeadLetter {
  const facts = { id, subscription: item.group, reason, at: new Date(at) };
  const attempts = Object.freeze(item.history.map(attemptOf));
  return Object.freeze({ ...facts, attempts, ...contentOf(item, at, facilities) });
}

function contentOf(
  item: Item,
  at: number,
  facilities: Facilities,
): Pick<DeadLetter, "event" | "envelope" | "raw"> {
  try {
    if ("undecodable" in item.envelope) throw item.envelope.error;
    const { event, envelope } = opened(item.envelope, facilities);
    return {
      event,
      envelope: seal(event, { dueAt: undefined, trace: undefined, ...envelope }),
      raw: undefined,
    };
  } catch {
    return { event: {} as AnyEvent, envelope: envelopeOf(item, at, facilities.source), raw: rawOf(item) };
  }
}

/** A failure as it is read back from a store: its error is a text. */
export function attemptOf({ attempt, at, ranMs, error }: AttemptRecord): Attempt {
  return Object.freeze({ attempt, at: new Date(at), ran: ranMs, error });
}

function rawOf({ envelope }: Item): Uint8Array | undefined {
  if ("undecodable" in envelope) return envelope.undecodable;
  return envelope.body instanceof Uint8Array ? envelope.body : undefined;
}

function envelopeOf({ envelope }: Item, time: number, source: string): Envelope {
  const wire = "undecodable" in envelope ? undefined : envelope;
  return Object.freeze({
    id: wire?.id ?? "",
    name: wire?.name ?? "",
    version: 1,
    time,
    source,
    key: wire?.key,
    priority: 3,
    dueAt: undefined,
    expiresAt: undefined,
    correlation: wire?.id ?? "",
    cause: undefined,
    hops: 0,
    trace: undefined,
    headers: Object.freeze({ ...wire?.headers }),
    data: {},
  });
}
