/**
 * One transaction: what is published inside reserves its places, or is sent within the transaction of a transport; success
 * commits and places all of it, and cannot be refused.
 */
import type { Receipt, Tally } from "../delivery/receipt.js";
import { BusClosedError, PartlyAcceptedError, SelfWaitError } from "../errors.js";
import { currentFrame, type Frame } from "../runtime/context.js";
import type { AttemptDelivery } from "./attempt.js";
import { BegunTransaction } from "./begun-transaction.js";
import { portOf } from "./carrying.js";
import type { Facilities } from "./facilities.js";
import type { Later } from "./later.js";
import type { Placement } from "./placement.js";
import type { Decision, Plan, Planned, Planner } from "./planner.js";
import { HELD } from "./receipt-facts.js";
import type { PortCarriage } from "./port-carriage.js";
import type { Publication } from "./publication.js";
import { PublishReceipt } from "./receipts.js";
import type { Ticket } from "./ticket.js";

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
  /** The delivery that it was begun for, and ends with. */
  readonly delivery: AttemptDelivery | undefined;
  readonly #parts: TransactionParts;
  readonly #reserved = new Set<Reserved>();
  readonly #postponed: Planned[] = [];
  #begun: BegunTransaction | undefined;
  #state: "open" | "committing" | "committed" | "rolled back" | "abandoned" = "open";

  constructor(parts: TransactionParts, outer: Frame | undefined, delivery?: AttemptDelivery) {
    this.bus = parts.facilities.bus;
    this.outer = outer;
    this.delivery = delivery;
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
  /** Whether a close may still take something back. */
  get isHolding(): boolean {
    return this.#state === "open" || this.#state === "committing";
  }

  /** The client of the database that the transaction was begun on. */
  get client(): unknown {
    if (this.isOver) throw new TypeError(CLIENT_OVER);
    if (this.#begun === undefined) throw new TypeError(NO_CLIENT);
    return this.#begun.client;
  }

  /** Begins it on the database of a transport, too. */
  async begin(port: PortCarriage, signal?: AbortSignal): Promise<void> {
    const begun = new BegunTransaction(port, await port.settling.begin(signal));
    this.#begun = begun;
    if (!this.isOver) return;
    await begun.rollBack();
    throw new BusClosedError();
  }

  /** Throws where it was begun on another transport, or on none. */
  checkBegunOn(name: string): void {
    if (this.#begun?.port.name === name) return;
    const on = this.#begun === undefined ? "no transport" : `transport ${this.#begun.port.name}`;
    throw new TypeError(
      `The transaction that is open already was begun on ${on}, not on ${name}. Begin the inner one apart.`,
    );
  }

  /** Whether it is the one that a publish names, or the publish names none. */
  isMeant(transaction: unknown): boolean {
    return transaction === undefined || transaction === this.#begun?.client;
  }

  /** Takes what is published inside: sends it, or reserves its places; resolves when that is done. */
  async take(
    planned: readonly Planned[],
    from: AttemptDelivery | undefined,
    signal: AbortSignal | undefined,
  ): Promise<readonly Receipt[]> {
    for (const { publication } of planned) this.#check(publication);
    const joining = planned.filter(({ publication }) => this.#begun?.carries(publication) === true);
    const others = joining.length === 0 ? planned : planned.filter((each) => !joining.includes(each));
    if (others.length > 0) await this.#reserve(others, from, signal);
    if (joining.length > 0) await this.#begun!.send(joining, signal);
    return planned.map((each) => new ReservedReceipt(each, this, this.bus));
  }

  /* Another store would have it although the transaction fails, or not although it succeeds. */
  #check(publication: Publication): void {
    const port = portOf(publication);
    port?.check(publication);
    if (this.#begun === undefined || port?.isStore !== true || this.#begun.carries(publication)) return;
    throw new TypeError(otherStore(port.name, this.#begun.port.name));
  }

  async #reserve(
    planned: readonly Planned[],
    from: AttemptDelivery | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { planner, placement } = this.#parts;
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
  }

  /** Keeps what is published for later until the end. */
  postpone(planned: readonly Planned[]): void {
    for (const { publication } of planned) publication.tree.opened();
    this.#postponed.push(...planned);
  }

  /** Settles the delivery that it was begun for as done, within it; throws where that is somebody else's by now. */
  settle(): Promise<void> {
    return this.#begun!.settle(this.delivery!);
  }

  /** Commits, then places what was reserved; where the database refuses, rejects with what that says. */
  async commit(): Promise<void> {
    if (this.#state === "abandoned") throw new BusClosedError();
    if (this.#begun !== undefined) {
      this.#state = "committing";
      await this.#begun.commit();
    }
    if (!this.isHolding) return; // what was to be placed here is named by the close; the rest is committed
    this.#state = "committed";
    this.#placeAll();
  }

  #placeAll(): void {
    const { placement, later } = this.#parts;
    for (const each of this.#postponed) {
      later.add(each);
      each.publication.tree.closed();
    }
    placement.joined(this.#begun?.joined ?? NONE);
    for (const { publication } of this.#begun?.joined ?? NONE) publication.tree.closed();
    for (const { planned, plan } of this.#reserved) {
      plan.tickets.forEach((ticket, index) => this.#enter(ticket, plan.decisions[index]!));
      placement.committed(planned);
      for (const { publication } of planned) publication.tree.closed();
    }
  }

  async rollBack(): Promise<void> {
    if (!this.isHolding) return;
    this.#state = "rolled back";
    this.#takeAllBack();
    await this.#begun?.rollBack();
  }

  /** Takes back what was reserved, since the bus is closing; answers the names of the events. */
  abandon(): string[] {
    if (this.#state === "open") void this.#begun?.rollBack();
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
    for (const { publication } of this.#begun?.joined ?? NONE) publication.tree.closed();
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
      if (!this.isHolding) return placement.place(ticket);
      plan.decisions[plan.tickets.indexOf(ticket)] = "place";
      ticket.route.underway++;
    };
    try {
      await placement.waitFor(plan, { from, signal, isOwed: false }, granted);
    } catch (error) {
      if (!this.isHolding) throw error;
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

const NONE: readonly Planned[] = Object.freeze([]);
const NO_CLIENT =
  "tx.client is the client of a transport's database, and no transport of this bus has one. Use tx.publish().";
const CLIENT_OVER =
  "The client was asked for after the end of its transaction. Await what needs it inside the work.";

function otherStore(other: string, begun: string): string {
  const says = `Transport ${other} stores events, and cannot join a transaction that was begun on transport ${begun}.`;
  return `${says} Publish before it or after, or give the event the transport ${begun}.`;
}
