/** A transport within the process that fails when it is told to: as a broker would, and as often as a seed says. */
import type {
  Features,
  Group,
  Item,
  Settlement,
  Sink,
  Transport,
  TransportTransaction,
  WireEnvelope,
} from "../../index.js";
import { type Duration, toMs } from "../../runtime/duration.js";
import type { Host, HostTimer } from "../../runtime/host.js";
import { processRuntime } from "../../runtime/runtime.js";
import { Alarms } from "./alarms.js";
import { checkFakeOptions, type FakeTransportOptions, featuresOf } from "./fake-options.js";
import type { FakeBegun, FakeTransaction } from "./fake-transaction.js";
import { FakeTransactions } from "./fake-transactions.js";
import { type Fault, InjectedFaultError, lastsMs } from "./fault.js";
import { chanceOf, DRAWN, type FaultPlan, type FaultPoint, ListedFaults } from "./fault-plan.js";
import { HandingOut } from "./handing-out.js";
import { FakeSettling } from "./settling.js";
import type { Entry } from "./shelf.js";
import { Shelves } from "./shelves.js";
import type { Injected, Watch } from "./watch.js";

export type { FakeTransportOptions } from "./fake-options.js";
export type { FakeBegun } from "./fake-transaction.js";
export type { ClientCall } from "./recording-client.js";
export { type Fault, InjectedFaultError } from "./fault.js";
export type { Injected, Watch } from "./watch.js";

interface Parts {
  readonly features: Features;
  readonly plan: FaultPlan;
  readonly watch?: Watch | undefined;
  readonly client?: unknown;
}

type SendOptions = NonNullable<Parameters<Transport["send"]>[1]>;
type Answers = readonly ("accepted" | "duplicate")[];

export class FakeTransport implements Transport {
  readonly features: Features;
  /** The faults that have happened, in order. */
  readonly injected: Injected[] = [];
  /** Where it promises transactions. */
  readonly begin?: (how?: { signal?: AbortSignal }) => Promise<TransportTransaction>;
  readonly #plan: FaultPlan;
  readonly #watch: Watch;
  readonly #alarms = new Alarms(processRuntime.host);
  readonly #shelves: Shelves;
  readonly #out: HandingOut;
  readonly #settling: FakeSettling;
  readonly #transactions: FakeTransactions;
  #sink: Sink | undefined;
  #isStopped = false;
  #isDown: HostTimer | undefined;

  constructor({ features, plan, watch = {}, client }: Parts) {
    this.features = features;
    this.#plan = plan;
    this.#watch = watch;
    this.#shelves = new Shelves(features, this.#alarms);
    const shared = {
      features,
      alarms: this.#alarms,
      shelves: this.#shelves,
      watch,
      crash: () => this.crash(),
      disconnect: (lasts: Duration | undefined) => this.disconnect(lasts),
    };
    this.#out = new HandingOut({
      ...shared,
      sink: () => (this.#isStopped || this.#isDown !== undefined ? undefined : this.#sink),
      faultOf: (entry, { group }) => this.#fault("deliver", entry, group.name),
    });
    this.#settling = new FakeSettling({
      ...shared,
      handOut: this.#out.from,
      faultOf: (entry, { group }, { kind }) => this.#fault("settle", entry, group, kind),
    });
    this.#transactions = new FakeTransactions({ client, apply: (transaction) => this.#commit(transaction) });
    if (features.transactions) this.begin = ({ signal } = {}) => this.#transactions.begin(signal);
  }

  /** What was settled as a dead letter. */
  get deadLettered(): readonly { readonly item: Item; readonly reason: string }[] {
    return this.#settling.deadLettered;
  }

  /** The transactions that it has begun, in order. */
  get begun(): readonly FakeBegun[] {
    return this.#transactions.all;
  }

  /** How many wait for the end of the turn, because others go first. */
  get inTransit(): number {
    return this.#shelves.heldBack.length;
  }

  /** How many deliveries have not ended: they wait, are out, or are due later. */
  get kept(): number {
    return this.#shelves.kept;
  }

  /** Its time and its turns of the event loop come from here. Defaults to the process's. */
  runOn(host: Host): this {
    this.#alarms.host = host;
    return this;
  }

  // ── By hand ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The consumer dies: what it has not settled is taken away, and handed out again in order. */
  crash(): void {
    this.#takeBackAll();
    this.#out.all();
  }

  /** The connection is gone: nothing is sent or handed out, and what is out is lost, until it is back. */
  disconnect(lasts: Duration = "1s"): void {
    if (this.#isDown !== undefined || this.#sink === undefined) return;
    this.#isDown = this.#alarms.after(toMs(lasts, "disconnect"), () => this.reconnect());
    this.#sink.changed("down", new InjectedFaultError({ on: "deliver", does: "disconnect" }));
    this.#takeBackAll();
  }

  reconnect(): void {
    if (this.#isDown === undefined) return;
    this.#alarms.cancel(this.#isDown);
    this.#isDown = undefined;
    this.#sink?.changed("up");
    this.#out.all();
  }

  // ── The port ──────────────────────────────────────────────────────────────────────────────────────────────────

  open(sink: Sink): Promise<void> {
    this.#sink = sink;
    this.#isStopped = false;
    return Promise.resolve();
  }

  declare(group: Group): void {
    this.#shelves.declare(group);
  }

  async send(batch: readonly WireEnvelope[], how: SendOptions = {}): Promise<Answers> {
    const within = how.transaction === undefined ? undefined : this.#transactions.of(how.transaction);
    how.signal?.throwIfAborted();
    if (this.#isDown !== undefined) throw new InjectedFaultError({ on: "send", does: "disconnect" });
    const fault = this.#sendFault(batch);
    if (fault === undefined) return this.#accept(batch, 1, within);
    if (fault.does === "disconnect") this.disconnect(fault.lasts);
    if (fault.does === "delay") await this.#alarms.pass(lastsMs(fault), how.signal);
    else if (fault.does !== "duplicate" && fault.does !== "loseAnswer") throw new InjectedFaultError(fault);
    const answers = this.#accept(batch, fault.does === "duplicate" ? 2 : 1, within);
    if (fault.does === "loseAnswer") throw new InjectedFaultError(fault);
    return answers;
  }

  credit(group: string, more: number): void {
    const shelf = this.#shelves.of(group);
    if (shelf === undefined) return;
    shelf.credit += more;
    this.#out.from(shelf);
  }

  settle(
    item: Item,
    settlement: Settlement,
    { transaction }: { transaction?: unknown } = {},
  ): "settled" | "stale" | Promise<"settled" | "stale"> {
    if (this.#sink === undefined) return "stale";
    const within = transaction === undefined ? undefined : this.#transactions.of(transaction);
    if (within === undefined && this.#transactions.open?.settlements.has(item) === true) return "stale";
    return this.#settling.settle(item, settlement, within);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** A store keeps what has not ended, and hands it out at once when it is opened again. */
  close(): Promise<void> {
    this.#transactions.close();
    this.#sink = undefined;
    this.#isDown = undefined;
    this.#alarms.clear();
    this.#shelves.close();
    return Promise.resolve();
  }

  #sendFault(batch: readonly WireEnvelope[]): Fault | undefined {
    this.#watch.sent?.(batch);
    for (const { name } of batch) {
      const fault = this.#noted({ on: "send", event: name, group: "", deliveries: 0 });
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #accept(batch: readonly WireEnvelope[], copies: number, within?: FakeTransaction): Answers {
    if (within !== undefined) {
      within.sendings.push({ batch, copies });
      return this.#shelves.answers(batch);
    }
    const answers = this.#shelves.accept(batch, { copies, due: this.#out.from });
    this.#out.all();
    return answers;
  }

  #commit(transaction: FakeTransaction): void {
    if (this.#isDown !== undefined) throw new InjectedFaultError({ on: "settle", does: "disconnect" });
    if (!this.#settling.apply(transaction)) throw new InjectedFaultError({ on: "settle", does: "crash" });
    for (const { batch, copies } of transaction.sendings) this.#accept(batch, copies);
  }

  #takeBackAll(): void {
    this.#transactions.open?.lose(new InjectedFaultError({ on: "settle", does: "crash" }));
    const lost = this.#shelves.takeBack();
    for (const item of lost) this.#sink?.lost(item, "connection");
  }

  // ── Faults ────────────────────────────────────────────────────────────────────────────────────────────────────

  #fault(on: "deliver" | "settle", entry: Entry, group: string, settledAs?: string): Fault | undefined {
    return this.#noted({ on, event: entry.envelope.name, group, deliveries: entry.deliveries, settledAs });
  }

  #noted(point: FaultPoint): Fault | undefined {
    const fault = this.#plan.at(point);
    const { on, event, group } = point;
    if (fault !== undefined) this.injected.push({ on, does: fault.does, event, group });
    return fault;
  }
}

/**
 * A transport within the process, which goes wrong as `faults` say. Serialises; hands out at least once, and loses nothing
 * that it has accepted. Whatever waits for a time does so on the clock of its test bus. A `TypeError` lists wrong options.
 */
export function fakeTransport(options: FakeTransportOptions = {}): FakeTransport {
  checkFakeOptions(options);
  const { seed, faults = seed === undefined ? [] : DRAWN } = options;
  return new FakeTransport({
    features: featuresOf(options.features),
    plan: new ListedFaults(faults, chanceOf(seed ?? 1)),
    client: options.client,
  });
}
