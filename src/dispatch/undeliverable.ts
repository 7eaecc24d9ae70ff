/** The dead letter of an item that cannot become a delivery: its bytes are kept, and why. */
import { EnvelopeError } from "../errors.js";
import type { Envelope } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import type { DeadLetter } from "../ledger/dead-letter-box.js";
import type { Item } from "../transport/transport.js";
import type { Facilities } from "./facilities.js";

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
    attempts: Object.freeze([{ attempt: 1, at: new Date(now), ran: 0, error }]),
    raw: rawOf(item),
  });
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
