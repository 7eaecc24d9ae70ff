/** Transports that prove the port: memory through it, as it is and in worse weather, and a store that holds the queue. */
import { memory } from "../../src/index.js";
import type {
  Features,
  Group,
  Item,
  Settlement,
  Sink,
  Transport,
  WireEnvelope,
} from "../../src/transport/transport.js";

/** What a ported memory does otherwise. */
export interface Weather {
  readonly features?: Partial<Features>;
  /** Runs before each item is handed over; a promise keeps it. */
  readonly beforeDeliver?: (item: Item) => void | Promise<void>;
  /** Runs before each send. */
  readonly beforeSend?: (batch: readonly WireEnvelope[]) => void | Promise<void>;
  /** Whether `send` answers before what it sent has arrived. */
  readonly isLazy?: boolean;
  readonly beforeDeclare?: (group: Group) => void | Promise<void>;
}

/** The memory reference behind its port: an object that delegates, so that the bus cannot go straight. */
export class PortedMemory implements Transport {
  readonly features: Features;
  readonly sent: WireEnvelope[] = [];
  readonly settled: { readonly item: Item; readonly settlement: Settlement }[] = [];
  readonly calls: string[] = [];
  sink!: Sink;
  readonly #inner = memory();
  readonly #weather: Weather;

  constructor(weather: Weather = {}) {
    this.#weather = weather;
    this.features = { ...this.#inner.features, ...weather.features };
  }

  open(sink: Sink): Promise<void> {
    this.calls.push("open");
    this.sink = sink;
    const deliver = async (item: Item): Promise<void> => {
      await this.#weather.beforeDeliver?.(item);
      await sink.deliver(item);
    };
    const lazily = (item: Item): void => void setImmediate(() => void deliver(item));
    return this.#inner.open({
      deliver: this.#weather.isLazy === true ? lazily : deliver,
      lost: (...lost) => sink.lost(...lost),
      changed: (...changed) => sink.changed(...changed),
    });
  }

  async declare(group: Group): Promise<void> {
    this.calls.push(`declare ${group.name}`);
    await this.#weather.beforeDeclare?.(group);
    await this.#inner.declare(group);
  }

  async send(batch: readonly WireEnvelope[]): Promise<readonly ("accepted" | "duplicate")[]> {
    await this.#weather.beforeSend?.(batch);
    this.sent.push(...batch);
    return this.#inner.send(batch);
  }

  credit(group: string, more: number): void {
    this.calls.push(`credit ${group} ${more}`);
  }

  settle(item: Item, settlement: Settlement): "settled" {
    this.settled.push({ item, settlement });
    return "settled";
  }

  stop(): void {
    this.calls.push("stop");
  }

  close(): Promise<void> {
    this.calls.push("close");
    return this.#inner.close();
  }
}

interface Shelf {
  group: Group;
  credit: number;
  readonly waiting: Item[];
  readonly out: Set<Item>;
  /** Settled as "retry", until `due()`. */
  readonly later: { readonly item: Item; readonly afterMs: number }[];
}

/** A store in memory: a queue per group, handed out by credit, settled item by item. */
export class ShelfStore implements Transport {
  readonly features: Features;
  readonly shelves = new Map<string, Shelf>();
  readonly settled: { readonly group: string; readonly settlement: Settlement; readonly answer: string }[] =
    [];
  readonly dead: { readonly item: Item; readonly reason: string }[] = [];
  readonly calls: string[] = [];
  /** What was wrong with how the bus used the port. */
  readonly misuse: string[] = [];
  outMax = 0;
  sink: Sink | undefined;
  #isStopped = false;
  readonly #known = new Set<string>();

  constructor(features: Partial<Features> = {}) {
    this.features = {
      survives: "process",
      serialises: true,
      holds: "store",
      order: "key",
      counts: "failures",
      fenced: true,
      leaseMs: 30_000,
      retryAfterMaxMs: 60_000,
      dueMaxMs: 0,
      priorities: 8,
      dedupeWindowMs: 0,
      bodyBytesMax: 1_000_000,
      transactions: false,
      ...features,
    };
  }

  async open(sink: Sink): Promise<void> {
    this.calls.push("open");
    this.sink = sink;
    this.#isStopped = false;
  }

  async declare(group: Group): Promise<void> {
    const known = this.shelves.get(group.name);
    if (known === undefined)
      this.shelves.set(group.name, { group, credit: 0, waiting: [], out: new Set(), later: [] });
    else known.group = group;
  }

  async send(batch: readonly WireEnvelope[]): Promise<readonly ("accepted" | "duplicate")[]> {
    return batch.map((envelope) => {
      if (this.features.dedupeWindowMs > 0 && this.#known.has(envelope.id)) return "duplicate";
      this.#known.add(envelope.id);
      for (const shelf of this.shelves.values())
        if (shelf.group.events.includes(envelope.name)) this.put(shelf.group.name, envelope);
      return "accepted";
    });
  }

  /** Puts something on a shelf, as another process would, or a vandal. */
  put(group: string, envelope: Item["envelope"], facts: Partial<Item> = {}): void {
    const item = { group, envelope, failures: 0, deliveries: 0, history: [], ...facts };
    this.shelves.get(group)!.waiting.push(item);
    this.#handOut(group);
  }

  credit(group: string, more: number): void {
    if (!(more > 0)) this.misuse.push(`credit of ${more}`);
    if (this.sink === undefined) this.misuse.push("credit while closed");
    const shelf = this.shelves.get(group);
    if (shelf === undefined) return void this.misuse.push(`credit before ${group} was declared`);
    shelf.credit += more;
    this.#handOut(group);
  }

  settle(item: Item, settlement: Settlement): "settled" | "stale" {
    const shelf = this.shelves.get(item.group);
    const answer = this.sink !== undefined && shelf?.out.delete(item) === true ? "settled" : "stale";
    this.settled.push({ group: item.group, settlement, answer });
    if (answer === "settled") this.#settled(shelf!, item, settlement);
    return answer;
  }

  stop(): void {
    this.calls.push("stop");
    this.#isStopped = true;
  }

  async close(): Promise<void> {
    this.calls.push("close");
    this.sink = undefined;
    for (const shelf of this.shelves.values()) {
      shelf.credit = 0;
      shelf.waiting.unshift(...shelf.out);
      shelf.out.clear();
    }
  }

  /** Retries are due now. */
  due(group: string): void {
    const shelf = this.shelves.get(group)!;
    shelf.waiting.push(...shelf.later.splice(0).map(({ item }) => item));
    this.#handOut(group);
  }

  /** Takes an item away from whoever has it, for another process: its lease is over. */
  lose(group: string, at = 0): Item {
    const shelf = this.shelves.get(group)!;
    const item = [...shelf.out][at]!;
    shelf.out.delete(item);
    this.sink!.lost(item, "lease");
    return item;
  }

  shelf(group: string): Shelf {
    return this.shelves.get(group)!;
  }

  #settled(shelf: Shelf, item: Item, settlement: Settlement): void {
    if (settlement.kind === "release") shelf.waiting.unshift(item);
    if (settlement.kind === "deadLetter") this.dead.push({ item, reason: settlement.reason });
    if (settlement.kind !== "retry") return;
    const history = [...item.history, settlement.attempt];
    shelf.later.push({
      item: { ...item, failures: item.failures + 1, history },
      afterMs: settlement.afterMs,
    });
  }

  #handOut(group: string): void {
    const shelf = this.shelves.get(group)!;
    while (this.sink !== undefined && !this.#isStopped && shelf.credit > 0 && shelf.waiting.length > 0) {
      const stored = shelf.waiting.shift()!;
      const item = { ...stored, deliveries: stored.deliveries + 1 };
      shelf.credit--;
      shelf.out.add(item);
      this.outMax = Math.max(this.outMax, shelf.out.size);
      void this.sink.deliver(item);
    }
  }
}
