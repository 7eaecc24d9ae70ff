/** The transactions of a bus: those of `bus.transaction`, and those that handlers ask for. */
import type { Publish, Transaction } from "../delivery/receipt.js";
import { isOutcome } from "../delivery/outcome.js";
import { currentFrame, type Frame, withFrame } from "../runtime/context.js";
import { checkOptions, type OptionTable, refuse, string } from "../runtime/options.js";
import { type AttemptDelivery, deliveryOf } from "./attempt.js";
import type { Carriages } from "./carriages.js";
import type { PortCarriage } from "./port-carriage.js";
import type { Call } from "./route.js";
import { TransactionFrame, type TransactionParts } from "./transaction.js";

/** What the work of a transaction gets. */
export interface TransactionScope {
  /** Publishes as part of the transaction, whatever async context the call runs in. */
  readonly publish: Publish;
  /** The client of the database that it was begun on; a `TypeError` where no transport begins transactions. */
  // oxlint-disable-next-line no-redundant-type-constituents -- as in Publish
  readonly client: Transaction;
}

export interface TransactionOptions {
  /** The name of the transport that begins it. Defaults to the default, or to the only one that can. */
  transport?: string | undefined;
}

const transactionOptions: OptionTable = {
  transport: { ...string, about: "The transport that begins it.", default: "the one that can" },
};

export interface TransactionsParts extends TransactionParts {
  readonly carriages: Pick<Carriages, "beginner">;
  readonly publishFrom: (frame: Frame) => Publish;
}

export class Transactions {
  readonly #parts: TransactionsParts;
  readonly #open = new Set<TransactionFrame>();

  constructor(parts: TransactionsParts) {
    this.#parts = parts;
  }

  /** Runs the work in a transaction, or in the one that is open already. */
  async run<T>(work: (scope: TransactionScope) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    refuse(checkOptions("transaction options", options, transactionOptions));
    const { facilities, carriages } = this.#parts;
    const port = carriages.beginner(options.transport);
    const outer = currentFrame();
    const open = TransactionFrame.of(outer, facilities.bus);
    if (open !== undefined) {
      if (options.transport !== undefined) open.checkBegunOn(options.transport);
      return work(this.#scopeOf(open));
    }
    const frame = new TransactionFrame(this.#parts, outer);
    return this.#ended(frame, async () => {
      if (port !== undefined) await frame.begin(port);
      const value = await withFrame(frame, () => work(this.#scopeOf(frame)));
      await frame.commit();
      return value;
    });
  }

  /** Puts a transaction around a handler: only where that succeeds, and its end with it, is there anything of it. */
  around(call: Call): Call {
    return (event, delivery) => {
      const attempt = delivery as AttemptDelivery;
      const open = TransactionFrame.of(attempt, this.#parts.facilities.bus); // an invoke in one joins it
      if (open === undefined) return this.#handled(attempt, () => call(event, delivery));
      attempt.transaction = open;
      return call(event, delivery);
    };
  }

  #handled(attempt: AttemptDelivery, call: () => unknown): Promise<unknown> {
    const frame = new TransactionFrame(this.#parts, attempt.outer, attempt);
    attempt.transaction = frame;
    return this.#ended(frame, async () => {
      await frame.begin(attempt.ticket.publication.topic.carriage as PortCarriage, attempt.signal);
      const answer = await call();
      if (isOutcome(answer) && answer.outcome !== "done") {
        await frame.rollBack();
        return answer;
      }
      await frame.settle();
      await frame.commit();
      return answer;
    });
  }

  async #ended<T>(frame: TransactionFrame, run: () => Promise<T>): Promise<T> {
    this.#open.add(frame);
    try {
      return await run();
    } catch (error) {
      await frame.rollBack();
      throw error;
    } finally {
      this.#open.delete(frame);
    }
  }

  /** Takes back what is reserved in open transactions, if only in those outside of deliveries. */
  abandon(which: "outside" | "all"): string[] {
    const { bus } = this.#parts.facilities;
    const isWanted = (frame: TransactionFrame): boolean =>
      frame.isHolding && (which === "all" || deliveryOf(frame.delivery ?? frame)?.bus !== bus);
    return [...this.#open].filter(isWanted).flatMap((frame) => frame.abandon());
  }

  /* What is left of the work when it has ended must not publish in its name: nobody would take it back. */
  #scopeOf(frame: TransactionFrame): TransactionScope {
    const publish = this.#parts.publishFrom(frame.delivery ?? frame);
    const guarded = (...given: Parameters<Publish>): Promise<unknown> =>
      frame.isOver ? Promise.reject(overError()) : publish(...given);
    return {
      publish: guarded as Publish,
      get client() {
        return frame.client as Transaction;
      },
    };
  }
}

function overError(): TypeError {
  return new TypeError("tx.publish() came after the end of its transaction. Await it inside the work.");
}
