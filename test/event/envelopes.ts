/** Envelopes for the tests of this room. */
import { EnvelopeError } from "../../src/errors.js";
import type { Envelope } from "../../src/event/envelope.js";
import { headersOf } from "../../src/event/headers.js";

/** When the tests' envelopes were published. */
export const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** An envelope with nothing optional, and what a test wants different. */
export function envelope(differs: Partial<Envelope> = {}): Envelope {
  return {
    id: "e-1",
    name: "shop.order.placed",
    version: 1,
    time: TIME,
    source: "/shop",
    key: undefined,
    priority: 3,
    dueAt: undefined,
    expiresAt: undefined,
    correlation: "e-0",
    cause: undefined,
    hops: 0,
    trace: undefined,
    headers: headersOf(),
    data: { orderId: "o-1", total: 12.5, lines: [{ sku: "a" }, null, true] },
    ...differs,
  };
}

/** One with every optional part, and texts that protocols like to break. */
export function fullEnvelope(): Envelope {
  return envelope({
    version: 7,
    key: 'café "50%" 😀, /a?b',
    priority: 0,
    dueAt: TIME + 1_000,
    expiresAt: TIME + 60_000,
    cause: "e-0",
    hops: 4,
    trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    headers: headersOf({ tenant: "t-1", "X-Who": "Zoë \u007f\ttab 😀 100%" }),
  });
}

/** The `EnvelopeError` that a call throws; any other error goes on. */
export function refused(act: () => unknown): EnvelopeError {
  try {
    act();
  } catch (error) {
    if (error instanceof EnvelopeError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
