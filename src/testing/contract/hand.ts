/** A transport in the hand: its port without a bus, for what a bus would hide. */
import type { Group, Item, Settlement, Transport, WireEnvelope } from "../../transport/transport.js";
import type { PassingTime } from "./passing-time.js";

/** Enough for all that a case sends. */
const CREDIT = 100_000;

export interface HandOptions {
  readonly transport: Transport;
  readonly time: PassingTime;
  /** How each item is settled as it comes; undefined leaves it. Defaults to done. */
  readonly settles?: ((item: Item) => Settlement | undefined) | undefined;
}

export class Hand {
  readonly transport: Transport;
  readonly items: Item[] = [];
  /** What was taken away, and why. */
  readonly lost: { readonly item: Item; readonly reason: string }[] = [];
  /** Whether its connection, or its store, is there: as it was told. */
  readonly states: ("up" | "down")[] = [];
  readonly #time: PassingTime;
  readonly #settles: (item: Item) => Settlement | undefined;

  constructor({ transport, time, settles = () => ({ kind: "done" }) }: HandOptions) {
    this.transport = transport;
    this.#time = time;
    this.#settles = settles;
  }

  async open(): Promise<void> {
    const deliver = (item: Item): void => {
      this.items.push(item);
      const settlement = this.#settles(item);
      if (settlement !== undefined) void this.transport.settle(item, settlement);
    };
    const sink = {
      deliver,
      lost: (item: Item, reason: string) => void this.lost.push({ item, reason }),
      changed: (state: "up" | "down") => void this.states.push(state),
    };
    await this.#done(this.transport.open(sink), "open()");
  }

  async declare(
    name: string,
    event: string,
    { credit = CREDIT, order = this.#order, ...others }: Partial<Group> & { credit?: number } = {},
  ): Promise<void> {
    const rest = { audience: "one", start: "now", inboxMs: 0, events: [event], ...others } as const;
    const group = { ...rest, name, order };
    await this.#done(this.transport.declare(group), "declare()");
    if (credit > 0) this.transport.credit(name, credit);
  }

  send(...batch: readonly WireEnvelope[]): Promise<readonly ("accepted" | "duplicate")[]> {
    return this.#done(this.transport.send(batch), "send()");
  }

  settle(
    item: Item,
    settlement: Settlement = { kind: "done" },
    how: { transaction?: unknown } = {},
  ): Promise<"settled" | "stale"> {
    return this.#done(this.transport.settle(item, settlement, how), "settle()");
  }

  stop(): Promise<void> {
    return this.#done(this.transport.stop(), "stop()");
  }

  close(): Promise<void> {
    return this.#done(this.transport.close(), "close()");
  }

  /** Waits until so many items have come. */
  has(count: number): Promise<void> {
    return this.#time.until(
      () => this.items.length >= count,
      () => `${this.items.length} of ${count} items have come`,
    );
  }

  /** Waits until it has been told so last; it is up where nothing has been told. */
  is(state: "up" | "down"): Promise<void> {
    return this.#time.until(
      () => (this.states.at(-1) ?? "up") === state,
      () => `it was not told to be ${state} (${this.states.join(", ")})`,
    );
  }

  get #order(): Group["order"] {
    return this.transport.features.order === "group" ? "group" : "none";
  }

  #done<T>(work: T | Promise<T>, what: string): Promise<T> {
    return this.#time.within(Promise.resolve(work), what);
  }
}

/** An envelope as a bus of another process would send it. */
export function wireOf(name: string, data: object & { readonly id: string }, isBytes: boolean): WireEnvelope {
  const { id } = data;
  const facts = { id, name, key: undefined, priority: 3, dueAt: undefined, expiresAt: undefined };
  if (!isBytes) return { ...facts, headers: {}, body: data };
  const attributes = { "ce-specversion": "1.0", "ce-id": id, "ce-source": "/contract", "ce-type": name };
  const headers = { ...attributes, "content-type": "application/json" };
  return { ...facts, headers, body: new TextEncoder().encode(JSON.stringify(data)) };
}

/** The id of an item's envelope; empty where it is undecodable. */
export function idOf({ envelope }: Item): string {
  return "undecodable" in envelope ? "" : envelope.id;
}
