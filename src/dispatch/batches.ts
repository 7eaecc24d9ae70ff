/** Runs a batch in one slot: takes more from the lane, starts each delivery, and ends each by itself. */
import type { Delivery } from "../delivery/delivery.js";
import type { AnyEvent } from "../event/event.js";
import type { Handler } from "../delivery/delivery.js";
import type { BoundedLane, LaneRunner } from "../lane/lane.js";
import type { AttemptDelivery } from "./attempt.js";
import { Batch, type BatchHandler, outcomesIn } from "./batch.js";
import type { Ticket } from "./ticket.js";

export class Batches implements LaneRunner<Ticket> {
  readonly #single: LaneRunner<Ticket>;

  /** `single` runs one delivery. */
  constructor(single: LaneRunner<Ticket>) {
    this.#single = single;
  }

  /** The slot is taken until all of them have ended. */
  async start(first: Ticket): Promise<void> {
    const lane = first.route.lane as BoundedLane<Ticket>;
    const tickets = [first, ...lane.takeMore(lane.limits.batch!.size - 1)];
    const batch = new Batch(tickets.length);
    await Promise.all(tickets.map((ticket) => this.#run(ticket, batch)));
  }

  /* Each has been ended already. */
  end(): void {}

  relieve(lane: BoundedLane<Ticket>): void {
    this.#single.relieve?.(lane);
  }

  async #run(ticket: Ticket, batch: Batch): Promise<void> {
    ticket.batch = batch;
    const [answer, isFailure] = await this.#answer(ticket);
    batch.ended(ticket.attempt);
    this.#single.end(ticket, answer, isFailure);
  }

  async #answer(ticket: Ticket): Promise<readonly [answer: unknown, isFailure: boolean]> {
    try {
      return [await this.#single.start(ticket), false];
    } catch (error) {
      return [error, true];
    }
  }
}

/** What stands in a subscription's pipeline in the place of a batch handler. An `invoke` has no company: a batch of one. */
export function joining(handler: BatchHandler): Handler<AnyEvent> {
  return async (event, delivery) => {
    const { batch } = (delivery as AttemptDelivery).ticket;
    if (batch !== undefined) return batch.join(delivery, handler);
    const alone: readonly Delivery[] = [delivery];
    return outcomesIn(await handler([event], alone), alone)(0);
  };
}
