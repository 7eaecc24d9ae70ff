/** `bus.transaction`: publishes inside it reserve their places; its success places them all, and cannot be refused. */
import type { Publish, Receipt, Tally, Transaction } from "../delivery/receipt.js";
import { BusClosedError, PartlyAcceptedError, SelfWaitError } from "../errors.js";
import { currentFrame, type Frame, withFrame } from "../runtime/context.js";
import { type AttemptDelivery, deliveryOf } from "./attempt.js";
import { portOf } from "./carrying.js";
import type { Facilities } from "./facilities.js";
import type { Later } from "./later.js";
import type { Placement } from "./placement.js";
import type { Decision, Plan, Planned, Planner } from "./planner.js";
import { HELD } from "./receipt-facts.js";
import { PublishReceipt } from "./receipts.js";
import type { Ticket } from "./ticket.js";

/** What the work of a transaction gets. */
export interface TransactionScope {
  /** Publishes as part of the transaction, whatever async context the call runs in. */
  readonly publish: Publish;
  /** The database's client, where the transport has one. */
  // oxlint-disable-next-line no-redundant-type-constituents -- as in Publish
  readonly client: Transaction;
}

/** What a transaction needs of its bus. */
export interface TransactionParts {
  readonly facilities: Facilities;
  readonly planner: Planner;
  readonly placement: Placement;
  readonly later: Pick<Later, "add">;
}

interface Reserved {
  readonly planned: readonly Planned[];
  readonly plan: Plan;
}

export class TransactionFrame implements Frame {
  readonly bus: object;
  /** The frame that the transaction was begun in: a delivery's, perhaps. */
  readonly outer: Frame | undefined;
  readonly #parts: TransactionParts;
  readonly #reserved = new Set<Reserved>();
  readonly #postponed: Planned[] = [];
  #state: "open" | "committed" | "rolled back" | "abandoned" = "open";

  constructor(parts: TransactionParts, outer: Frame | undefined) {
    this.bus = parts.facilities.bus;
    this.outer = outer;
    this.#parts = parts;
  }

  /** The open transaction of a bus that a frame stands in, whatever else is around it. */
  static of(frame: Frame | undefined, bus: object): TransactionFrame | undefined {
    for (let at = frame; at !== undefined; at = at.outer)
      if (at instanceof TransactionFrame && at.bus === bus) return at.isOver ? undefined : at;
    return undefined;
  }

  get isOver(): boolean {
    return this.#state !== "open";
  }

  /** Reserves places for what is published inside; resolves when they are there. */
  async reserve(
    planned: readonly Planned[],
    from: AttemptDelivery | undefined,
    signal: AbortSignal | undefined,
  ): Promise<readonly Receipt[]> {
    const { planner, placement, facilities } = this.#parts;
    for (const { publication } of planned) portOf(publication)?.check(publication);
    const plan = planner.plan(planned, from, false);
    if (plan.refusal !== undefined) throw plan.refusal;
    for (const { publication } of planned) publication.tree.opened();
    plan.tickets.forEach((ticket, index) => {
      if (plan.decisions[index] !== "wait") ticket.route.underway++;
      placement.routed(ticket);
    });
    const reserved = { planned, plan };
    this.#reserved.add(reserved);
    if (plan.hasWaiting) await this.#wait(reserved, from, signal);
    return planned.map((each) => new ReservedReceipt(each, this, facilities.bus));
  }

  /** Keeps what is published for later until the end. */
  postpone(planned: readonly Planned[]): void {
    for (const { publication } of planned) publication.tree.opened();
    this.#postponed.push(...planned);
  }

  commit(): void {
    if (this.#state === "abandoned") throw new BusClosedError();
    this.#state = "committed";
    const { placement, later } = this.#parts;
    for (const each of this.#postponed) {
      later.add(each);
      each.publication.tree.closed();
    }
    for (const { planned, plan } of this.#reserved) {
      plan.tickets.forEach((ticket, index) => this.#enter(ticket, plan.decisions[index]!));
      placement.committed(planned);
      for (const { publication } of planned) publication.tree.closed();
    }
  }

  rollBack(): void {
    if (this.#state !== "open") return;
    this.#state = "rolled back";
    this.#takeAllBack();
  }

  /** Takes back what was reserved, since the bus is closing; answers the names of the events. */
  abandon(): string[] {
    this.#state = "abandoned";
    const all = [...[...this.#reserved].flatMap(({ planned }) => planned), ...this.#postponed];
    for (const { publication } of all)
      publication.tree.count("abandoned", {
        subscription: "",
        eventId: publication.id,
        outcome: "abandoned",
        reason: "its transaction was open when the bus was closed",
      });
    this.#takeAllBack();
    return all.map(({ publication }) => `${publication.name} (held in a transaction)`);
  }

  #enter(ticket: Ticket, decision: Decision): void {
    if (ticket.isRefused) return;
    const counted = (): void => void (decision === "wait" || ticket.route.underway--);
    this.#parts.placement.enter(ticket, decision, counted);
    ticket.route.lane.idle();
  }

  /* Nobody here waits any more when the first place is given back, or it would go to one of us. */
  #takeAllBack(): void {
    for (const { planned } of this.#reserved) this.#parts.placement.stopWaiting(planned);
    for (const each of this.#reserved) this.#takeBack(each);
    for (const { publication } of this.#postponed) {
      publication.follower?.withdrawn("its transaction was taken back");
      publication.tree.closed();
    }
  }

  #takeBack({ planned, plan }: Reserved): void {
    const { placement } = this.#parts;
    placement.stopWaiting(planned);
    plan.tickets.forEach((ticket, index) => {
      if (ticket.isRefused) return;
      ticket.route.underway--;
      placement.withdraw(ticket);
      ticket.route.lane.idle();
      if (plan.decisions[index] === "place") ticket.route.lane.release(); // and tells that it is free: all adds up by then
    });
    for (const { publication } of planned) publication.tree.closed();
  }

  /* A place that was waited for is as good as one that was there; a publish that fails keeps none of them. */
  async #wait(
    reserved: Reserved,
    from: AttemptDelivery | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { plan } = reserved;
    const { placement } = this.#parts;
    const granted = (ticket: Ticket): void => {
      if (this.#state !== "open") return placement.place(ticket);
      plan.decisions[plan.tickets.indexOf(ticket)] = "place";
      ticket.route.underway++;
    };
    try {
      await placement.waitFor(plan, { from, signal, isOwed: false }, granted);
    } catch (error) {
      if (this.#state !== "open") throw error;
      this.#reserved.delete(reserved);
      this.#takeBack(reserved);
      throw error instanceof PartlyAcceptedError ? error.cause : error;
    }
  }
}

/** Of an event that the end of its transaction places: within that nobody can wait for it. */
class ReservedReceipt extends PublishReceipt {
  readonly #frame: TransactionFrame;

  constructor({ publication }: Planned, frame: TransactionFrame, bus: object) {
    super(publication, HELD, bus);
    this.#frame = frame;
  }

  override settled(options?: { signal?: AbortSignal | undefined }): Promise<Tally> {
    if (!this.#frame.isOver && TransactionFrame.of(currentFrame(), this.#frame.bus) === this.#frame)
      return Promise.reject(new SelfWaitError("receipt.settled()", "transaction"));
    return super.settled(options);
  }
}

/** The transactions of a bus, those that are open by name. */
export class Transactions {
  readonly #parts: TransactionParts;
  readonly #publishFrom: (frame: Frame) => Publish;
  readonly #open = new Set<TransactionFrame>();

  constructor(parts: TransactionParts, publishFrom: (frame: Frame) => Publish) {
    this.#parts = parts;
    this.#publishFrom = publishFrom;
  }

  /** Runs the work in a transaction, or in the one that is open already. */
  async run<T>(work: (scope: TransactionScope) => Promise<T>): Promise<T> {
    const outer = currentFrame();
    const open = TransactionFrame.of(outer, this.#parts.facilities.bus);
    if (open !== undefined) return work(this.#scopeOf(open));
    const frame = new TransactionFrame(this.#parts, outer);
    this.#open.add(frame);
    try {
      const value = await withFrame(frame, () => work(this.#scopeOf(frame)));
      frame.commit();
      return value;
    } catch (error) {
      frame.rollBack();
      throw error;
    } finally {
      this.#open.delete(frame);
    }
  }

  /** Takes back what is reserved in open transactions, if only in those outside of deliveries. */
  abandon(which: "outside" | "all"): string[] {
    const { bus } = this.#parts.facilities;
    const isWanted = (frame: TransactionFrame): boolean =>
      !frame.isOver && (which === "all" || deliveryOf(frame)?.bus !== bus);
    return [...this.#open].filter(isWanted).flatMap((frame) => frame.abandon());
  }

  /* What is left of the work when it has ended must not publish in its name: nobody would take it back. */
  #scopeOf(frame: TransactionFrame): TransactionScope {
    const publish = this.#publishFrom(frame);
    const guarded = (...given: Parameters<Publish>): Promise<unknown> =>
      frame.isOver ? Promise.reject(overError()) : publish(...given);
    return {
      publish: guarded as Publish,
      get client(): never {
        throw new TypeError(NO_CLIENT);
      },
    };
  }
}

const NO_CLIENT =
  "tx.client is the client of a transport's database, and no transport of this bus has one. Use tx.publish().";

function overError(): TypeError {
  return new TypeError("tx.publish() came after the end of its transaction. Await it inside the work.");
}
