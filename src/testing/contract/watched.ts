/** A transport that is watched: it does what the one inside does, and what goes through the port is written down. */
import type {
  Awaitable,
  Features,
  Group,
  Item,
  Settlement,
  Sink,
  Store,
  Transport,
  WireEnvelope,
} from "../../transport/transport.js";

export class Watched implements Transport {
  readonly features: Features;
  readonly store?: Store;
  /** The members that were called, in order. */
  readonly calls: string[] = [];
  readonly delivered: Item[] = [];
  readonly settled: { readonly item: Item; readonly settlement: Settlement }[] = [];
  /** Handed out once `stop()` had resolved. */
  readonly afterStop: Item[] = [];
  /** The most that a group had beyond what it was granted; nothing where it is 0. */
  excess = 0;
  /** What the next `open` or `send` answers instead of the transport. */
  refusal: Error | undefined;
  readonly #inner: Transport;
  readonly #granted = new Map<string, number>();
  #isStopped = false;

  constructor(inner: Transport) {
    this.#inner = inner;
    this.features = inner.features;
    if (inner.store !== undefined) this.store = inner.store;
  }

  async open(sink: Sink): Promise<void> {
    this.calls.push("open");
    this.#refuse();
    this.#isStopped = false;
    this.#granted.clear();
    await this.#inner.open({
      deliver: (item) => (this.#handedOut(item), sink.deliver(item)),
      lost: (item, reason) => sink.lost(item, reason),
      changed: (state, error) => sink.changed(state, error),
    });
  }

  faults(group: Group): readonly string[] {
    return this.#inner.faults?.(group) ?? [];
  }
  declare(group: Group): Awaitable<void> {
    this.calls.push("declare");
    return this.#inner.declare(group);
  }

  async send(
    batch: readonly WireEnvelope[],
    how?: { signal?: AbortSignal; transaction?: unknown },
  ): Promise<readonly ("accepted" | "duplicate")[]> {
    this.calls.push("send");
    this.#refuse();
    return this.#inner.send(batch, how);
  }

  credit(group: string, more: number): void {
    this.calls.push("credit");
    this.#granted.set(group, (this.#granted.get(group) ?? 0) + more);
    this.#inner.credit(group, more);
  }

  settle(
    item: Item,
    settlement: Settlement,
    how?: { transaction?: unknown },
  ): Awaitable<"settled" | "stale"> {
    this.calls.push("settle");
    this.settled.push({ item, settlement });
    return this.#inner.settle(item, settlement, how);
  }

  async stop(): Promise<void> {
    this.calls.push("stop");
    await this.#inner.stop();
    this.#isStopped = true;
  }

  close(): Promise<void> {
    this.calls.push("close");
    return this.#inner.close();
  }

  count(call: string): number {
    return this.calls.filter((each) => each === call).length;
  }

  #handedOut(item: Item): void {
    this.delivered.push(item);
    if (this.#isStopped) this.afterStop.push(item);
    const left = (this.#granted.get(item.group) ?? 0) - 1;
    this.#granted.set(item.group, left);
    this.excess = Math.max(this.excess, -left);
  }

  #refuse(): void {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal !== undefined) throw refusal;
  }
}
