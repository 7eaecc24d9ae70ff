/** A transport within the process that fails when it is told to: as a broker would, and as often as a seed says. */
import type { Features, Group, Item, Settlement, Sink, Transport, WireEnvelope } from "../../index.js";
import { type Duration, toMs } from "../../runtime/duration.js";
import type { Host, HostTimer } from "../../runtime/host.js";
import { processRuntime } from "../../runtime/runtime.js";
import { Alarms } from "./alarms.js";
import { checkFakeOptions, type FakeTransportOptions, featuresOf } from "./fake-options.js";
import { type Fault, InjectedFaultError } from "./fault.js";
import { chanceOf, DRAWN, type FaultPlan, type FaultPoint, ListedFaults } from "./fault-plan.js";
import type { Entry, Shelf } from "./shelf.js";
import { Shelves } from "./shelves.js";
import type { Injected, Watch } from "./watch.js";

export type { FakeTransportOptions } from "./fake-options.js";
export { type Fault, InjectedFaultError } from "./fault.js";
export type { Injected, Watch } from "./watch.js";

interface Parts {
  readonly features: Features;
  readonly plan: FaultPlan;
  readonly watch?: Watch | undefined;
}

type Answers = readonly ("accepted" | "duplicate")[];

export class FakeTransport implements Transport {
  readonly features: Features;
  /** The faults that have happened, in order. */
  readonly injected: Injected[] = [];
  /** What was settled as a dead letter. */
  readonly deadLettered: { readonly item: Item; readonly reason: string }[] = [];
  readonly #plan: FaultPlan;
  readonly #watch: Watch;
  readonly #alarms = new Alarms(processRuntime.host);
  readonly #shelves: Shelves;
  #sink: Sink | undefined;
  #isStopped = false;
  #isDown: HostTimer | undefined;
  #isTurnAwaited = false;

  constructor({ features, plan, watch = {} }: Parts) {
    this.features = features;
    this.#plan = plan;
    this.#watch = watch;
    this.#shelves = new Shelves(features, this.#alarms);
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
    this.#handOutAll();
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
    this.#handOutAll();
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

  async send(batch: readonly WireEnvelope[], how: { signal?: AbortSignal } = {}): Promise<Answers> {
    how.signal?.throwIfAborted();
    if (this.#isDown !== undefined) throw new InjectedFaultError({ on: "send", does: "disconnect" });
    const fault = this.#sendFault(batch);
    if (fault === undefined) return this.#accept(batch, 1);
    if (fault.does === "disconnect") this.disconnect(fault.lasts);
    if (fault.does === "delay") await this.#alarms.pass(lasts(fault), how.signal);
    else if (fault.does !== "duplicate" && fault.does !== "loseAnswer") throw new InjectedFaultError(fault);
    const answers = this.#accept(batch, fault.does === "duplicate" ? 2 : 1);
    if (fault.does === "loseAnswer") throw new InjectedFaultError(fault);
    return answers;
  }

  credit(group: string, more: number): void {
    const shelf = this.#shelves.of(group);
    if (shelf === undefined) return;
    shelf.credit += more;
    this.#handOut(shelf);
  }

  settle(item: Item, settlement: Settlement): "settled" | "stale" | Promise<"settled" | "stale"> {
    const shelf = this.#shelves.of(item.group);
    const entry = shelf?.out.get(item);
    if (shelf === undefined || entry === undefined || this.#sink === undefined) return "stale";
    this.#watch.settled?.(item, settlement);
    const fault = this.#fault("settle", entry, item.group, settlement.kind);
    if (fault === undefined) return this.#settled(shelf, item, settlement);
    return this.#settleFault(fault, { shelf, item, settlement });
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** A store keeps what has not ended, and hands it out at once when it is opened again. */
  close(): Promise<void> {
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

  #accept(batch: readonly WireEnvelope[], copies: number): Answers {
    const answers = this.#shelves.accept(batch, { copies, due: this.#handOut });
    this.#handOutAll();
    return answers;
  }

  // ── Out ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #handOutAll(): void {
    for (const shelf of this.#shelves.all()) this.#handOut(shelf);
  }

  readonly #handOut = (shelf: Shelf): void => {
    while (this.#sink !== undefined && !this.#isStopped && this.#isDown === undefined && shelf.credit > 0) {
      const entry = shelf.take();
      if (entry === undefined) return;
      const fault = entry.isSpared ? undefined : this.#fault("deliver", entry, shelf.group.name);
      entry.isSpared = false;
      if (fault === undefined) this.#deliver(shelf, entry);
      else this.#deliverFault(fault, shelf, entry);
    }
  };

  #deliver(shelf: Shelf, entry: Entry, broken?: Error): void {
    const { deliveries, history } = Object.assign(entry, { deliveries: entry.deliveries + 1 });
    const failures = this.features.counts === "failures" ? entry.failures : deliveries - 1;
    const envelope = broken === undefined ? entry.envelope : { undecodable: bytesOf(entry), error: broken };
    const item: Item = { group: shelf.group.name, envelope, failures, deliveries, history: [...history] };
    const overtook = shelf.heldBack.filter(({ order }) => order < entry.order);
    shelf.credit--;
    shelf.out.set(item, entry);
    this.#watch.handedOut?.(
      item,
      overtook.map((each) => each.envelope),
    );
    void this.#sink!.deliver(item);
  }

  #deliverFault(fault: Fault, shelf: Shelf, entry: Entry): void {
    if (fault.does === "reorder") return this.#holdBack(shelf, entry);
    if (fault.does === "delay")
      return this.#putLater(shelf, Object.assign(entry, { isSpared: true }), lasts(fault));
    if (fault.does === "disconnect") {
      shelf.put(entry);
      return this.disconnect(fault.lasts);
    }
    if (fault.does === "corrupt") return this.#deliver(shelf, entry, new InjectedFaultError(fault));
    this.#deliver(shelf, entry);
    if (fault.does === "crash") return this.crash();
    if (shelf.admits(entry.envelope, this.#alarms.host.monotonic()))
      shelf.put({ ...entry, history: [...entry.history], isSpared: true });
  }

  /* Those that come while it is held back go first; at the end of the turn it goes in any case. */
  #holdBack(shelf: Shelf, entry: Entry): void {
    shelf.put(Object.assign(entry, { isHeldBack: true, isSpared: true }));
    if (this.#isTurnAwaited) return;
    this.#isTurnAwaited = true;
    this.#alarms.host.macrotask(() => {
      this.#isTurnAwaited = false;
      for (const held of this.#shelves.heldBack) held.isHeldBack = false;
      this.#handOutAll();
    });
  }

  #putLater(shelf: Shelf, entry: Entry, ms: number): void {
    this.#shelves.putLater(shelf, entry, { ms, due: this.#handOut });
  }

  #takeBackAll(): void {
    const lost = this.#shelves.takeBack();
    for (const item of lost) this.#sink?.lost(item, "connection");
  }

  // ── Settled ───────────────────────────────────────────────────────────────────────────────────────────────────

  #settled(shelf: Shelf, item: Item, settlement: Settlement): "settled" | "stale" {
    const entry = shelf.out.get(item);
    if (entry === undefined) return "stale";
    shelf.out.delete(item);
    // What a lane gives back nobody will ask for again: it has no store to lie in.
    if (settlement.kind === "release" && this.features.holds === "store") shelf.put(entry);
    else if (settlement.kind !== "retry")
      shelf.ended(entry.envelope, settlement.kind === "done", this.#alarms.host.monotonic());
    if (settlement.kind === "deadLetter") this.deadLettered.push({ item, reason: settlement.reason });
    if (settlement.kind === "retry") {
      entry.failures++;
      entry.history.push(settlement.attempt);
      this.#putLater(shelf, entry, settlement.afterMs);
    }
    this.#handOut(shelf);
    return "settled";
  }

  /* The answer is lost: it is handed out again. */
  #takeBack(shelf: Shelf, item: Item): void {
    const entry = shelf.out.get(item);
    if (entry === undefined) return;
    shelf.out.delete(item);
    shelf.put(entry);
    this.#handOut(shelf);
  }

  #settleFault(fault: Fault, what: { shelf: Shelf; item: Item; settlement: Settlement }) {
    const { shelf, item, settlement } = what;
    if (fault.does === "crash") this.crash();
    if (fault.does === "disconnect") this.disconnect(fault.lasts);
    if (fault.does === "delay")
      return this.#alarms.pass(lasts(fault)).then(() => this.#settled(shelf, item, settlement));
    if (fault.does !== "loseAnswer" && fault.does !== "reject") return "stale";
    this.#takeBack(shelf, item);
    return fault.does === "reject" ? Promise.reject(new InjectedFaultError(fault)) : "settled";
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
  });
}

function lasts(fault: Fault): number {
  return toMs(fault.lasts ?? "1s", "lasts");
}

function bytesOf({ envelope: { body } }: Entry): Uint8Array {
  return body instanceof Uint8Array ? body.subarray(0, body.byteLength >> 1) : new Uint8Array();
}
