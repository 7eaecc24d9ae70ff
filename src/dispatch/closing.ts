/** The end of a bus: what may still end does, what may not is given back or named. */
import { BusClosedError } from "../errors.js";
import { within } from "../runtime/within.js";
import type { BoundedLane } from "../lane/lane.js";
import type { Queued } from "../lane/queued.js";
import type { Timer } from "../runtime/timers.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import type { Placement } from "./placement.js";
import type { PortCarriage } from "./port-carriage.js";
import type { Publisher } from "./publisher.js";
import type { Recorder } from "./recorder.js";
import type { Registry } from "./registry.js";
import type { Settlement } from "./settlement.js";
import type { Ticket } from "./ticket.js";
import type { Transactions } from "./transactions.js";

/** What a close came to: the first a number of deliveries, the others by name. */
export interface CloseReport {
  /** Ran to their end after `close()` was called. */
  readonly drained: number;
  /** Their signal aborted at the deadline. */
  readonly aborted: readonly string[];
  /** Given back to the store of their transport. */
  readonly released: readonly string[];
  /** Left undone. */
  readonly abandoned: readonly string[];
}

export interface ClosingParts {
  readonly facilities: Facilities;
  readonly registry: Registry;
  readonly publisher: Publisher;
  readonly placement: Placement;
  readonly settlement: Settlement;
  readonly recorder: Recorder;
  readonly transactions: Transactions;
  readonly carriages: () => readonly PortCarriage[];
  /** Nothing is due by a schedule any more; answers what was, and had to wait. */
  readonly stopSchedules: () => readonly string[];
  /** Resolves when stores have what was decided beside deliveries. */
  readonly written: () => Promise<unknown>;
  /** Nothing comes any more for whoever follows the bus by a stream. */
  readonly endFollowers: () => void;
}

const GRACE_MS = 1_000;

export class Closing {
  readonly #parts: ClosingParts;
  #idlers: (() => void)[] = [];
  #emptied: (() => void) | undefined;
  readonly #aborted: string[] = [];
  readonly #released: string[] = [];
  readonly #abandoned: string[] = [];

  constructor(parts: ClosingParts) {
    this.#parts = parts;
  }

  /** A lane, or the placement, has nothing to do right now. */
  quiet(lane?: BoundedLane<Queued>): void {
    this.#parts.registry.sweep(lane === undefined ? undefined : [lane]);
    if (this.#emptied !== undefined) this.#checkEmpty(this.#emptied);
    if (this.#idlers.length === 0 || !this.isIdle) return;
    const idlers = this.#idlers;
    this.#idlers = [];
    for (const each of idlers) each();
  }

  /** Whether nothing is ready, running, waiting to publish or in transit. */
  get isIdle(): boolean {
    if (this.#isInTransit) return false;
    for (const lane of this.#lanes()) if (!lane.isQuiet) return false;
    return true;
  }

  /** Resolves when nothing is ready, running, waiting to publish or in transit; timers do not count. */
  idle(from: AttemptDelivery | undefined): Promise<void> {
    this.excuse(from);
    if (this.isIdle) return Promise.resolve();
    return new Promise<void>((resolve) => this.#idlers.push(resolve));
  }

  async close(deadlineMs: number, from: AttemptDelivery | undefined): Promise<CloseReport> {
    const { publisher, placement, settlement, transactions, recorder } = this.#parts;
    const endedBefore = recorder.ranToEnd;
    const closesAt = this.#now() + deadlineMs;
    settlement.closesAt = closesAt;
    settlement.onAbandoned = (ticket) => this.#note(ticket);
    publisher.admission = "inside";
    this.excuse(from);
    for (const lane of this.#lanes()) lane.hurry();
    placement.giveUpOutside(new BusClosedError());
    this.#abandoned.push(
      ...publisher.abandonHeld(),
      ...publisher.later.abandon(),
      ...this.#parts.stopSchedules(),
      ...transactions.abandon("outside"),
    );
    await this.#stopStores(deadlineMs);
    this.#abandonHopeless();
    if (!(await this.#empty(closesAt - this.#now()))) await this.#abort();
    this.#parts.endFollowers();
    const drained = recorder.ranToEnd - endedBefore;
    await this.#end();
    const [aborted, released, abandoned] = [[...this.#aborted], [...this.#released], [...this.#abandoned]];
    return Object.freeze({ drained, aborted, released, abandoned });
  }

  /** Whoever waits for the end from inside a delivery must not be waited for. */
  excuse(from: AttemptDelivery | undefined): void {
    const holder = from?.holder; // of another bus, perhaps, which then has invoked this one
    if (holder?.bus !== this.#parts.facilities.bus || holder.isExcused) return;
    holder.isExcused = true;
    holder.ticket.route.lane.excused++;
    this.quiet();
  }

  get #isInTransit(): boolean {
    return this.#parts.placement.inTransit > 0 || this.#parts.carriages().some((each) => each.onTheWay > 0);
  }

  /* A store keeps what waits: it goes back at once, and what is handed out meanwhile with it. */
  async #stopStores(deadlineMs: number): Promise<void> {
    const stores = this.#parts.carriages().filter((each) => each.isStore);
    const stops = stores.map((store) => this.#told(store, "stop"));
    for (const lane of this.#lanes())
      this.#abandon([...lane.standing()].filter(isStored), "the bus closed before it began");
    if (stops.length > 0) await within(deadlineMs, Promise.all(stops), this.#parts.facilities.timers);
  }

  /* What nothing lets go on before the deadline: paused lanes, and retries that are due after it. */
  #abandonHopeless(): void {
    const { closesAt } = this.#parts.settlement;
    for (const lane of this.#lanes())
      if (lane.isPaused) this.#abandon([...lane.standing()], "its lane is paused");
      else this.#abandon([...lane.retryingAfter(closesAt)], "its retry is due after the deadline of close()");
  }

  /** Whether everything has ended in time. */
  #empty(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isEmpty: boolean): void => {
        timer.cancel();
        this.#emptied = undefined;
        resolve(isEmpty);
      };
      const timer: Timer = this.#parts.facilities.timers.after(ms, () => end(false), "close");
      this.#emptied = () => end(true);
      this.#checkEmpty(this.#emptied);
    });
  }

  #checkEmpty(emptied: () => void): void {
    for (const lane of this.#lanes()) {
      if (lane.isPaused) this.#abandon([...lane.standing()], "its lane is paused");
      if (!lane.isEmpty) return;
    }
    if (!this.#isInTransit) emptied();
  }

  async #abort(): Promise<void> {
    this.#parts.endFollowers();
    // A transport whose queue is in the lanes must not hand out again what it gets back now.
    for (const carriage of this.#parts.carriages()) void this.#told(carriage, "stop");
    this.#giveUpStanding("the deadline of close() came first");
    for (const lane of this.#lanes()) for (const ticket of lane.runningNow()) this.#abortOne(ticket);
    if (await this.#empty(GRACE_MS)) return;
    this.#parts.publisher.admission = "closed";
    this.#giveUpStanding("the deadline of close() came first");
    for (const lane of this.#lanes())
      this.#abandon(
        [...lane.runningNow()].filter((ticket) => ticket.attempt?.isExcused !== true),
        "it went on after its signal had aborted",
      );
  }

  #giveUpStanding(reason: string): void {
    const { placement, transactions, carriages } = this.#parts;
    placement.giveUpAll(new BusClosedError());
    this.#abandoned.push(...transactions.abandon("all"));
    for (const lane of this.#lanes()) this.#abandon([...lane.standing()], reason);
    for (const carriage of carriages()) this.#abandon(carriage.recall(), reason);
  }

  #abortOne(ticket: Ticket): void {
    const { attempt } = ticket;
    if (attempt === undefined || attempt.isExcused) return;
    attempt.isWithdrawn = true;
    this.#aborted.push(labelOf(ticket));
    attempt.abort(new BusClosedError());
  }

  #abandon(tickets: readonly Ticket[], reason: string): void {
    for (const ticket of tickets)
      if (ticket.standing !== "ended") this.#parts.settlement.giveUp(ticket, "abandoned", { reason });
  }

  /* A store gets back what memory loses. */
  #note(ticket: Ticket): void {
    (isStored(ticket) ? this.#released : this.#abandoned).push(labelOf(ticket));
  }

  /* Whoever called close() in a delivery of a store is still running, and will find the store closed. */
  async #end(): Promise<void> {
    const { publisher, settlement, carriages, facilities } = this.#parts;
    publisher.admission = "closed";
    settlement.closesAt = -Infinity;
    this.#giveUpStanding("the bus closed before it began"); // of whoever called close() in a delivery
    for (const lane of this.#lanes()) {
      this.#abandon([...lane.runningNow()].filter(isStored), "it called close()");
      lane.stop();
    }
    // A dead letter whose key is being parked is settled after that.
    const written = [this.#parts.written(), ...carriages().map((carriage) => carriage.buried())];
    if (carriages().length > 0) await within(GRACE_MS, Promise.all(written), facilities.timers);
    const closes = carriages().map(async (carriage) => {
      await this.#told(carriage, "stop");
      await this.#told(carriage, "close");
    });
    if (closes.length > 0) await within(GRACE_MS, Promise.all(closes), facilities.timers);
    facilities.timers.clear();
    this.quiet();
  }

  /* A transport that fails, or never answers, must not keep a bus from closing. */
  async #told(carriage: PortCarriage, what: "stop" | "close"): Promise<void> {
    try {
      await carriage[what]();
    } catch (error) {
      this.#parts.facilities.log.transportFailed(carriage.name, what, error);
    }
  }

  #lanes() {
    return this.#parts.registry.lanes.values();
  }

  #now(): number {
    return this.#parts.facilities.runtime.host.monotonic();
  }
}

function isStored({ item, publication }: Ticket): boolean {
  return item !== undefined && publication.topic.carriage.isStore;
}

function labelOf({ route, publication }: Ticket): string {
  return `${route.name} (${publication.name} ${publication.id})`;
}
