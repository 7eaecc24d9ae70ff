/** `bus.transaction`: publishes inside it reserve their places; its success places them all, and cannot be refused. */
import type { Publish, Receipt, Transaction } from "../delivery/receipt.js";
import { currentFrame, type Frame, withFrame } from "../runtime/context.js";
import { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import type { Placement } from "./placement.js";
import type { Plan, Planned, Planner } from "./planner.js";
import { HELD } from "./receipt-facts.js";
import { PublishReceipt } from "./receipts.js";
import type { Ticket } from "./ticket.js";

/** What the work of a transaction gets. */
export interface TransactionScope {
  /** Publishes as part of the transaction, whatever async context the call runs in. */
  readonly publish: Publish;
  /** The database's client, where the transport has one. */
  readonly client: Transaction;
}

/** What a transaction needs of its bus. */
export interface TransactionParts {
  readonly facilities: Facilities;
  readonly planner: Planner;
  readonly placement: Placement;
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
  readonly #reserved: Reserved[] = [];
  #state: "open" | "committed" | "rolled back" = "open";

  constructor(parts: TransactionParts, outer: Frame | undefined) {
    this.bus = parts.facilities.bus;
    this.outer = outer;
    this.#parts = parts;
  }

  /** The open transaction of a bus that a frame stands in. */
  static of(frame: Frame | undefined, bus: object): TransactionFrame | undefined {
    return frame instanceof TransactionFrame && frame.bus === bus && frame.#state === "open"
      ? frame
      : undefined;
  }

  /** Reserves places for what is published inside; resolves when they are there. */
  async reserve(
    planned: readonly Planned[],
    from: AttemptDelivery | undefined,
    signal: AbortSignal | undefined,
  ): Promise<readonly Receipt[]> {
    const { planner, placement, facilities } = this.#parts;
    const plan = planner.plan(planned, from, false);
    if (plan.refusal !== undefined) throw plan.refusal;
    for (const ticket of plan.tickets) placement.routed(ticket);
    this.#reserved.push({ planned, plan });
    for (const { tree } of planned) tree.opened();
    if (plan.hasWaiting) await this.#wait(plan, from, signal);
    return planned.map((each) => new PublishReceipt(each.publication, each.tree, HELD, facilities.bus));
  }

  commit(): void {
    this.#state = "committed";
    const { placement } = this.#parts;
    for (const { planned, plan } of this.#reserved) {
      plan.tickets.forEach((ticket, index) => {
        const decision = plan.decisions[index]!;
        if (decision === "place") placement.place(ticket);
        else if (decision === "evict") placement.evict(ticket);
        else if (decision === "filtered" || decision === "deduplicated") placement.end(ticket, decision);
      });
      for (const { publication, tree } of planned) placement.told(publication, tree);
      for (const { tree } of planned) tree.closed();
      placement.carryLater(planned);
    }
  }

  rollBack(): void {
    this.#state = "rolled back";
    for (const { planned, plan } of this.#reserved) {
      plan.tickets.forEach((ticket, index) => this.#unreserve(ticket, plan.decisions[index] === "place"));
      for (const { tree } of planned) tree.closed();
    }
  }

  /* A place that was waited for is as good as one that was there. */
  #wait(plan: Plan, from: AttemptDelivery | undefined, signal: AbortSignal | undefined): Promise<void> {
    const { placement } = this.#parts;
    const granted = (ticket: Ticket): void => {
      if (this.#state === "open") plan.decisions[plan.tickets.indexOf(ticket)] = "place";
      else if (this.#state === "committed") placement.place(ticket);
      else ticket.route.lane.release();
    };
    return placement.waitFor(plan, { from, signal, isOwed: false }, granted);
  }

  #unreserve(ticket: Ticket, isPlaced: boolean): void {
    if (ticket.isRefused) return;
    if (isPlaced) ticket.route.lane.release();
    this.#parts.placement.withdraw(ticket);
  }
}

/** The delivery that code in a frame runs in, of whatever bus, while that is not final. */
export function deliveryOf(frame: Frame | undefined): AttemptDelivery | undefined {
  let at = frame;
  while (at instanceof TransactionFrame) at = at.outer;
  return at instanceof AttemptDelivery && at.isInside ? at : undefined;
}

/** Runs the work in a transaction, or in the one that is open already. */
export async function transaction<T>(
  work: (scope: TransactionScope) => Promise<T>,
  parts: TransactionParts,
  publishFrom: (frame: Frame) => Publish,
): Promise<T> {
  const outer = currentFrame();
  const open = TransactionFrame.of(outer, parts.facilities.bus);
  const frame = open ?? new TransactionFrame(parts, outer);
  const scope: TransactionScope = { publish: publishFrom(frame), client: undefined };
  if (open !== undefined) return work(scope);
  try {
    const value = await withFrame(frame, () => work(scope));
    frame.commit();
    return value;
  } catch (error) {
    frame.rollBack();
    throw error;
  }
}
