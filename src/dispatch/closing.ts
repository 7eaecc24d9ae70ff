/** The end of a bus, and the moments in which it is idle: both wait by counting. */
import { BusClosedError } from "../errors.js";
import type { Timer } from "../runtime/timers.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import type { Placement } from "./placement.js";
import type { PortCarriage } from "./port-carriage.js";
import type { Publisher } from "./publisher.js";
import type { Registry } from "./registry.js";
import type { Settlement } from "./settlement.js";
import type { Ticket } from "./ticket.js";

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
  readonly carriages: () => readonly PortCarriage[];
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
    parts.settlement.onAbandoned = (ticket) => this.#note(ticket);
  }

  /** A lane, or the placement, has nothing to do right now. */
  quiet(): void {
    this.#parts.registry.sweep();
    if (this.#emptied !== undefined) this.#checkEmpty(this.#emptied);
    if (this.#idlers.length === 0 || !this.#isIdle()) return;
    const idlers = this.#idlers;
    this.#idlers = [];
    for (const each of idlers) each();
  }

  /** Resolves when nothing is ready, running, waiting to publish or in transit; timers do not count. */
  idle(from: AttemptDelivery | undefined): Promise<void> {
    this.excuse(from);
    if (this.#isIdle()) return Promise.resolve();
    const idle = new Promise<void>((resolve) => this.#idlers.push(resolve));
    return idle;
  }

  async close(deadlineMs: number, from: AttemptDelivery | undefined): Promise<CloseReport> {
    const { publisher, placement, settlement, carriages } = this.#parts;
    const handledBefore = this.#handled();
    this.excuse(from);
    publisher.admission = "inside";
    placement.giveUpOutside(new BusClosedError());
    this.#abandoned.push(...publisher.abandonHeld());
    settlement.closesAt = this.#now() + deadlineMs;
    await Promise.all(carriages().map(async (carriage) => carriage.transport.stop()));
    this.#abandonHopeless();
    if (!(await this.#empty(deadlineMs))) await this.#abort();
    const drained = this.#handled() - handledBefore;
    await this.#end();
    return Object.freeze({
      drained,
      aborted: this.#aborted,
      released: this.#released,
      abandoned: this.#abandoned,
    });
  }

  /** Whoever waits for the end from inside a delivery must not be waited for. */
  excuse(from: AttemptDelivery | undefined): void {
    const holder = from?.bus === this.#parts.facilities.bus ? from.holder : undefined;
    if (holder === undefined || holder.isExcused) return;
    holder.isExcused = true;
    holder.ticket.route.lane.excused++;
    this.quiet();
  }

  #isIdle(): boolean {
    if (this.#parts.placement.inTransit > 0) return false;
    for (const lane of this.#lanes()) if (!lane.isQuiet) return false;
    return true;
  }

  /* What nothing lets go on before the deadline: paused lanes, and retries that are due after it. */
  #abandonHopeless(): void {
    for (const lane of this.#lanes()) {
      const hopeless = lane.isPaused ? lane.standing() : lane.retryingAfter(this.#parts.settlement.closesAt);
      this.#abandon(
        [...hopeless],
        lane.isPaused ? "its lane is paused" : "its retry is due after the deadline of close()",
      );
    }
    for (const carriage of this.#parts.carriages()) this.#abandon(carriage.onTheWay, "still on its way");
  }

  /** Whether everything has ended by the deadline. */
  #empty(deadlineMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isEmpty: boolean): void => {
        timer.cancel();
        this.#emptied = undefined;
        resolve(isEmpty);
      };
      const timer: Timer = this.#parts.facilities.timers.after(deadlineMs, () => end(false), "close");
      this.#emptied = () => end(true);
      this.#checkEmpty(this.#emptied);
    });
  }

  #checkEmpty(emptied: () => void): void {
    for (const lane of this.#lanes()) {
      if (lane.isPaused) this.#abandon([...lane.standing()], "its lane is paused");
      if (!lane.isEmpty) return;
    }
    emptied();
  }

  async #abort(): Promise<void> {
    const { placement } = this.#parts;
    placement.giveUpAll(new BusClosedError());
    for (const lane of this.#lanes()) {
      this.#abandon([...lane.standing()], "the deadline of close() came first");
      for (const ticket of lane.runningNow()) this.#abortOne(ticket);
    }
    await this.#empty(GRACE_MS);
    for (const lane of this.#lanes())
      this.#abandon(
        [...lane.runningNow()].filter((ticket) => ticket.attempt?.isExcused !== true),
        "it went on after its signal had aborted",
      );
  }

  #abortOne(ticket: Ticket): void {
    const { attempt } = ticket;
    if (attempt === undefined || attempt.isExcused) return;
    attempt.isWithdrawn = true;
    this.#aborted.push(labelOf(ticket));
    attempt.abort(new BusClosedError());
  }

  #abandon(tickets: readonly Ticket[], reason: string): void {
    for (const ticket of tickets) {
      if (ticket.standing === "ended") continue;
      this.#parts.settlement.giveUp(ticket, "abandoned", { reason });
    }
  }

  /* A store gets back what memory loses. */
  #note(ticket: Ticket): void {
    const isStore = ticket.publication.topic.carriage.isStore;
    (isStore ? this.#released : this.#abandoned).push(labelOf(ticket));
  }

  async #end(): Promise<void> {
    const { publisher, carriages, facilities } = this.#parts;
    publisher.admission = "closed";
    for (const lane of this.#lanes()) lane.stop();
    facilities.timers.clear();
    await Promise.all(carriages().map((carriage) => carriage.transport.close()));
    this.quiet();
  }

  #handled(): number {
    let ended = 0;
    for (const { counts } of this.#parts.registry.routes)
      ended += counts.done + counts.deadLettered + counts.dropped;
    return ended;
  }

  #lanes() {
    return this.#parts.registry.lanes.values();
  }

  #now(): number {
    return this.#parts.facilities.runtime.host.monotonic();
  }
}

function labelOf({ route, publication }: Ticket): string {
  return `${route.name} (${publication.name} ${publication.id})`;
}
