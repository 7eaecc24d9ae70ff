/** Memory: the reference of the transport port. It fans out to its groups and keeps nothing. */
import type { Features, Group, Item, Sink, Transport, WireEnvelope } from "./transport.js";

const FEATURES: Features = Object.freeze({
  survives: "nothing",
  serialises: false,
  holds: "lane",
  order: "key",
  counts: "failures",
  fenced: true,
  leaseMs: 0,
  retryAfterMaxMs: Infinity,
  dueMaxMs: 0,
  priorities: 8,
  dedupeWindowMs: 0,
  bodyBytesMax: Infinity,
  transactions: false,
});

/** Carries events within the process. The bus knows it and goes straight to the lanes; through its port it does the same. */
export class MemoryTransport implements Transport {
  readonly features: Features = FEATURES;
  readonly #groups = new Map<string, Group>();
  #sink: Sink | undefined;

  open(sink: Sink): Promise<void> {
    this.#sink = sink;
    return Promise.resolve();
  }

  declare(group: Group): void {
    this.#groups.set(group.name, group);
  }

  async send(batch: readonly WireEnvelope[]): Promise<readonly "accepted"[]> {
    const items = batch.flatMap((envelope) => this.#itemsOf(envelope));
    for (const item of items) await this.#sink?.deliver(item);
    return batch.map(() => "accepted");
  }

  #itemsOf(envelope: WireEnvelope): Item[] {
    const groups = [...this.#groups.values()].filter(({ events }) => events.includes(envelope.name));
    return groups.map((group) => itemOf(group, envelope));
  }

  /* The lane holds the queue, so that credit has no limit. */
  credit(): void {}

  settle(): "settled" {
    return "settled";
  }

  stop(): void {}

  close(): Promise<void> {
    this.#sink = undefined;
    this.#groups.clear();
    return Promise.resolve();
  }
}

/** The transport within the process: nothing survives it, and nothing is copied on the way. */
export function memory(): Transport {
  return new MemoryTransport();
}

function itemOf(group: Group, envelope: WireEnvelope): Item {
  return { group: group.name, envelope, failures: 0, deliveries: 1, history: [] };
}
