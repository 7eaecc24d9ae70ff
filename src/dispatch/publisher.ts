/** Publishing: from the event to the receipt. What is decided stands in the planner; here it is carried out. */
import type { PublishOptions, Receipt } from "../delivery/receipt.js";
import type { AnyEvent } from "../event/event.js";
import { BusClosedError, NotStartedError, UnhandledEventError } from "../errors.js";
import { currentFrame, type Frame } from "../runtime/context.js";
import { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import { Partials } from "./partials.js";
import type { Placement } from "./placement.js";
import { type Plan, type Planned, Planner } from "./planner.js";
import { checkPublishOptions } from "./publish-options.js";
import { HELD, type ReceiptFacts } from "./receipt-facts.js";
import { PublishReceipt } from "./receipts.js";
import type { Sealer } from "./sealer.js";
import { deliveryOf, TransactionFrame } from "./transaction.js";

/** What the life of the bus allows: to hold, everything, only what is published inside deliveries, nothing. */
export type Admission = "held" | "open" | "inside" | "closed";

const NONE: readonly string[] = Object.freeze([]);
const UNHANDLED: ReceiptFacts = facts({ unhandled: true });

export class Publisher {
  admission: Admission = "held";
  readonly #facilities: Facilities;
  readonly #sealer: Sealer;
  readonly #planner: Planner;
  readonly #placement: Placement;
  readonly #partials = new Partials();
  readonly #held: Planned[] = [];
  readonly #heldMax: number;

  constructor(
    facilities: Facilities,
    parts: { sealer: Sealer; planner: Planner; placement: Placement; heldMax: number },
  ) {
    this.#facilities = facilities;
    this.#sealer = parts.sealer;
    this.#planner = parts.planner;
    this.#placement = parts.placement;
    this.#heldMax = parts.heldMax;
  }

  /** How many events wait for `start()`. */
  get heldCount(): number {
    return this.#held.length;
  }

  /** One event or several, decided in one step; resolves when every lane, or the transport, has accepted. */
  publish(
    given: AnyEvent | readonly AnyEvent[],
    options: PublishOptions | undefined,
    frame: Frame | undefined = currentFrame(),
  ): Promise<Receipt | readonly Receipt[]> {
    try {
      if (options !== undefined) checkPublishOptions(options);
      const events = Array.isArray(given) ? (given as readonly AnyEvent[]) : undefined;
      const receipts = this.#published(events ?? [given as AnyEvent], options, frame);
      if (events !== undefined) return Promise.resolve(receipts);
      return receipts instanceof Promise ? receipts.then(first) : Promise.resolve(receipts[0]!);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #published(
    events: readonly AnyEvent[],
    options: PublishOptions | undefined,
    frame: Frame | undefined,
  ): readonly Receipt[] | Promise<readonly Receipt[]> {
    options?.signal?.throwIfAborted();
    const from = deliveryOf(frame);
    const own = from?.bus === this.#facilities.bus ? from : undefined;
    if (this.admission === "closed" || (this.admission === "inside" && own === undefined))
      throw new BusClosedError();
    const planned = events.map(
      (event) => this.#partials.get(event) ?? this.#sealer.seal(event, options, from, own),
    );
    if (this.admission === "held") return this.#hold(planned);
    const transaction = TransactionFrame.of(frame, this.#facilities.bus);
    if (transaction !== undefined) return transaction.reserve(planned, from, options?.signal);
    return this.#send(planned, from, options);
  }

  #send(
    planned: readonly Planned[],
    from: AttemptDelivery | undefined,
    options: PublishOptions | undefined,
  ): readonly Receipt[] | Promise<readonly Receipt[]> {
    this.#refuseUnhandled(planned);
    const plan = this.#planner.plan(planned, from, false);
    if (plan.refusal !== undefined) throw plan.refusal;
    const placed = this.#placement.carryOut(planned, plan, { from, signal: options?.signal, isOwed: false });
    const receipts = (): readonly Receipt[] => planned.map((each) => this.receipt(each, plan));
    if (placed === undefined) return receipts();
    return placed.then(
      () => (planned.forEach((each) => this.#partials.delete(each)), receipts()),
      (error: unknown) => this.#partials.remember(planned, plan, error),
    );
  }

  /** Publishes what was held, in order, before anything that comes later; waits for nothing. */
  release(): void {
    this.admission = "open";
    for (const planned of this.#held.splice(0)) {
      const renewed = { ...planned, routes: planned.publication.topic.routes };
      const plan = this.#planner.plan([renewed], undefined, true);
      const placed = this.#placement.carryOut([renewed], plan, { from: undefined, isOwed: true });
      placed?.catch((error: unknown) =>
        this.#facilities.log.releaseFailed(planned.publication.name, planned.publication.id, error),
      );
      planned.tree.closed();
    }
  }

  /** Gives up what was held; answers the names of the events. */
  abandonHeld(): string[] {
    return this.#held.splice(0).map(({ publication, tree }) => {
      tree.count("abandoned", {
        subscription: "",
        eventId: publication.id,
        outcome: "abandoned",
        reason: "held when the bus was closed",
      });
      tree.closed();
      return `${publication.name} (held before start)`;
    });
  }

  receipt(planned: Planned, plan: Plan): Receipt {
    return new PublishReceipt(
      planned.publication,
      planned.tree,
      factsOf(planned, plan),
      this.#facilities.bus,
    );
  }

  #hold(planned: readonly Planned[]): readonly Receipt[] {
    if (this.#held.length + planned.length > this.#heldMax)
      throw new NotStartedError(`${this.#held.length} events are held already, as many as heldMax allows`);
    return planned.map((each) => {
      each.tree.opened();
      this.#held.push(each);
      return new PublishReceipt(each.publication, each.tree, HELD, this.#facilities.bus);
    });
  }

  #refuseUnhandled(planned: readonly Planned[]): void {
    if (this.#facilities.onUnhandled !== "error") return;
    const nobodys = planned.find(
      ({ routes, publication }) => routes.length === 0 && !publication.topic.carriage.isStore,
    );
    if (nobodys !== undefined)
      throw new UnhandledEventError(nobodys.publication.name, nobodys.publication.id);
  }
}

function first(receipts: readonly Receipt[]): Receipt {
  return receipts[0]!;
}

/* The facts of a calm publish are the same for every event of a topic: one object serves them all. */
function factsOf({ publication, routes, acceptedBefore }: Planned, plan: Plan): ReceiptFacts {
  const { topic } = publication;
  if (topic.carriage.isStore)
    return { ...topic.allAccepted, unhandled: "unknown", settledBy: topic.carriage.name };
  if (routes.length === 0 && acceptedBefore.length === 0) return UNHANDLED;
  if (plan.isCalm && acceptedBefore.length === 0) return topic.allAccepted;
  const named = (wanted: (index: number) => boolean): string[] =>
    plan.tickets
      .filter((each, index) => each.publication === publication && wanted(index))
      .map((each) => each.route.name);
  const decided = (index: number): string => plan.decisions[index]!;
  return facts({
    accepted: [...acceptedBefore, ...named((index) => ["place", "wait"].includes(decided(index)))],
    deduplicated: named((index) => decided(index) === "deduplicated"),
  });
}

function facts(given: Partial<ReceiptFacts>): ReceiptFacts {
  return Object.freeze({ accepted: NONE, deduplicated: NONE, unhandled: false, held: false, ...given });
}
