/** Publishing: from the event to the receipt. What is decided stands in the planner; here it is carried out. */
import type { PublishOptions, Receipt } from "../delivery/receipt.js";
import type { AnyEvent } from "../event/event.js";
import {
  BusClosedError,
  NotStartedError,
  PublishDepthError,
  UnhandledEventError,
  UnhandledTaskError,
} from "../errors.js";
import { Tree } from "../ledger/tree.js";
import { currentFrame, type Frame } from "../runtime/context.js";
import { AttemptDelivery, causeIn, deliveryOf } from "./attempt.js";
import { portOf } from "./carrying.js";
import type { Facilities } from "./facilities.js";
import { Partials } from "./partials.js";
import type { Placement } from "./placement.js";
import { byPublish, type Decided, HOPS_MAX, type Planned, Planner, routesOf } from "./planner.js";
import { checkPublishOptions } from "./publish-options.js";
import { checkLater, isDue, isForLater, Later } from "./later.js";
import { type Follower, NO_ATTEMPTS } from "./follower.js";
import { factsOf } from "./decided-facts.js";
import { HELD, NONE } from "./receipt-facts.js";
import { PublishReceipt } from "./receipts.js";
import { type Descent, ROOT, type Sealer } from "./sealer.js";
import type { Route } from "./route.js";
import type { Topic } from "./topics.js";
import { TransactionFrame } from "./transaction.js";

/** What the life of the bus allows: to hold, everything, only what is published inside deliveries, nothing. */
export type Admission = "held" | "open" | "inside" | "closed";

/** Where a publish stands: the frame of its async context, and the delivery in that. */
interface Publishing {
  readonly frame: Frame | undefined;
  /** Undefined when that is final: it is then the cause, and nothing more. */
  readonly from: AttemptDelivery | undefined;
  readonly follower: Follower | undefined;
}

/* Taps, notices, keys and stamps run inside a publish: what they publish stands on its stack. */
const NESTED_MAX = 64;

export class Publisher {
  admission: Admission = "held";
  readonly #facilities: Facilities;
  readonly #sealer: Sealer;
  readonly #planner: Planner;
  readonly #placement: Placement;
  readonly #partials = new Partials();
  readonly #held: Planned[] = [];
  readonly #heldMax: number;
  /** What is published for later. */
  readonly later: Later;

  constructor(
    facilities: Facilities,
    parts: { sealer: Sealer; planner: Planner; placement: Placement; heldMax: number; delayedMax: number },
  ) {
    this.#facilities = facilities;
    this.#sealer = parts.sealer;
    this.#planner = parts.planner;
    this.#placement = parts.placement;
    this.#heldMax = parts.heldMax;
    this.later = new Later(facilities, parts.delayedMax, (planned) => this.#publishOwed(planned));
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
      return Promise.resolve(this.submit(given, options, frame));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** The same, with a promise only where something has to be waited for. */
  submit(
    given: AnyEvent | readonly AnyEvent[],
    options: PublishOptions | undefined,
    frame: Frame | undefined,
    follower?: Follower,
  ): Receipt | readonly Receipt[] | Promise<Receipt | readonly Receipt[]> {
    const { turn } = this.#facilities.runtime;
    if (turn.publishes >= NESTED_MAX) throw new PublishDepthError(NESTED_MAX);
    turn.publishes++;
    try {
      if (options !== undefined) checkPublishOptions(options);
      options?.signal?.throwIfAborted();
      const from = this.#admitted(frame, follower?.isOwed === true);
      if (Array.isArray(given))
        return this.#published(given as readonly AnyEvent[], options, { frame, from, follower });
      const receipt = this.#placed(given as AnyEvent, options, frame, follower);
      if (receipt !== undefined) return receipt;
      const published = this.#published([given as AnyEvent], options, { frame, from, follower });
      return published instanceof Promise ? published.then(first) : first(published);
    } finally {
      turn.publishes--;
    }
  }

  /* The delivery that publishes; throws where the bus takes nothing from outside, or nothing at all. */
  #admitted(frame: Frame | undefined, isOwed: boolean): AttemptDelivery | undefined {
    const from = deliveryOf(frame);
    if (this.admission === "open" || this.admission === "held") return from;
    const isInside = isOwed || from?.bus === this.#facilities.bus;
    if (this.admission === "closed" || !isInside) throw new BusClosedError();
    return from;
  }

  /* What nearly every publish is: one event, room in every lane, nothing to decide. A plan would double its price. */
  #placed(
    event: AnyEvent,
    options: PublishOptions | undefined,
    frame: Frame | undefined,
    follower: Follower | undefined,
  ): Receipt | undefined {
    const topic = this.#facilities.topics.of(event);
    const { isPlain, routes, allAccepted } = topic.routing; // a tap may subscribe
    if (!isPlain || this.admission === "held" || !this.#partials.isEmpty || !hasRoom(routes))
      return undefined;
    if (frame !== undefined && !isPlainFrame(frame)) return undefined;
    if (options !== undefined && (options.transaction !== undefined || options.delay !== undefined))
      return undefined;
    const isRoot = frame === undefined && follower === undefined;
    const descent = isRoot ? ROOT : this.#descent(frame as AttemptDelivery | undefined, follower);
    const publication = this.#sealer.seal(event, topic, options, descent);
    this.#placement.placeAll(publication, descent.tree);
    return new PublishReceipt(publication, allAccepted, this.#facilities.bus);
  }

  #descent(cause: AttemptDelivery | undefined, follower: Follower | undefined): Descent {
    return { cause, tree: follower?.tree ?? this.#treeOf(deliveryOf(cause)), follower };
  }

  #published(
    events: readonly AnyEvent[],
    options: PublishOptions | undefined,
    publishing: Publishing,
  ): readonly Receipt[] | Promise<readonly Receipt[]> {
    const { frame, from, follower } = publishing;
    const planned = events.map((event) => {
      const partly = follower === undefined ? this.#partials.get(event) : undefined; // a task is run anew
      return partly ?? this.#planned(event, options, publishing);
    });
    if (this.admission === "held") return this.#hold(planned);
    const open = TransactionFrame.of(frame, this.#facilities.bus);
    const transaction = open?.isMeant(options?.transaction) === true ? open : undefined;
    if (planned.some(isForLater)) return this.#postpone(planned, transaction);
    this.#refuseUnhandled(planned);
    if (transaction !== undefined) return transaction.take(planned, from, options?.signal);
    return this.#send(planned, publishing, options);
  }

  #planned(
    event: AnyEvent,
    options: PublishOptions | undefined,
    { frame, from, follower }: Publishing,
  ): Planned {
    const topic = this.#facilities.topics.of(event);
    if (options?.transaction !== undefined) refuseTransaction(topic, this.admission);
    const own = follower?.tree ?? (options?.delay === undefined ? this.#treeOf(from) : undefined);
    const descent = { cause: causeIn(frame), tree: own ?? new Tree(), follower };
    const publication = this.#sealer.seal(event, topic, options, descent);
    const routes = routesOf(topic);
    return { publication, routes, acceptedBefore: NONE, isTold: false, isKnown: false };
  }

  /* What is published inside a delivery of this bus belongs to the tree of its event. */
  #treeOf(from: AttemptDelivery | undefined): Tree | undefined {
    return from?.bus === this.#facilities.bus ? from.ticket.tree : undefined;
  }

  #send(
    planned: readonly Planned[],
    { from, follower }: Publishing,
    options: PublishOptions | undefined,
  ): readonly Receipt[] | Promise<readonly Receipt[]> {
    const isOwed = follower?.isOwed === true;
    const plan = this.#planner.plan(planned, from, isOwed);
    if (plan.refusal !== undefined) throw plan.refusal;
    const { signal, transaction } = options ?? {};
    const placed = this.#placement.carryOut(planned, plan, { from, signal, transaction, isOwed });
    const receipts = (): readonly Receipt[] => {
      if (!this.#partials.isEmpty) for (const each of planned) this.#partials.delete(each);
      return Array.from(byPublish(planned, plan), ([each, decided]) =>
        this.#receipt(each, decided, plan.isCalm),
      );
    };
    if (placed === undefined) return receipts();
    return placed.then(receipts, (error: unknown) => this.#partials.remember(planned, plan, error));
  }

  /** Publishes what was held, in order, before anything that comes later, be it from a tap; waits for nothing. */
  release(): void {
    for (const planned of this.#held) {
      if (isForLater(planned) && !isDue(planned, this.#facilities)) this.later.add(planned);
      else this.#publishOwed(planned);
      planned.publication.tree.closed();
    }
    this.#held.length = 0;
    this.admission = "open";
  }

  /* Its publish has resolved: it goes to whoever subscribes now, and is not refused. */
  #publishOwed(planned: Planned): void {
    const { publication } = planned;
    const renewed = { ...planned, routes: routesOf(publication.topic) };
    const plan = this.#planner.plan([renewed], undefined, true);
    const placed = this.#placement.carryOut([renewed], plan, { from: undefined, isOwed: true });
    placed?.catch((error: unknown) =>
      this.#facilities.log.releaseFailed(publication.name, publication.id, error),
    );
  }

  #postpone(planned: readonly Planned[], transaction: TransactionFrame | undefined): readonly Receipt[] {
    this.later.checkRoomFor(planned.length);
    for (const { publication } of planned) checkLater(publication);
    if (transaction !== undefined) transaction.postpone(planned);
    else for (const each of planned) this.later.add(each);
    return planned.map(({ publication }) => new PublishReceipt(publication, HELD, this.#facilities.bus));
  }

  /** Gives up what was held; answers the names of the events. */
  abandonHeld(): string[] {
    return this.#held.splice(0).map(({ publication }) => {
      publication.tree.count("abandoned", {
        subscription: "",
        eventId: publication.id,
        outcome: "abandoned",
        reason: "held when the bus was closed",
      });
      publication.follower?.ended({ reason: "held when the bus was closed" }, NO_ATTEMPTS, false);
      publication.tree.closed();
      return `${publication.name} (held before start)`;
    });
  }

  #receipt(planned: Planned, decided: readonly Decided[], isCalm: boolean): Receipt {
    return new PublishReceipt(planned.publication, factsOf(planned, decided, isCalm), this.#facilities.bus);
  }

  #hold(planned: readonly Planned[]): readonly Receipt[] {
    if (this.#held.length + planned.length > this.#heldMax)
      throw new NotStartedError(`${this.#held.length} events are held already, as many as heldMax allows`);
    for (const { publication } of planned) portOf(publication)?.check(publication);
    return planned.map((each) => {
      each.publication.tree.opened();
      this.#held.push(each);
      return new PublishReceipt(each.publication, HELD, this.#facilities.bus);
    });
  }

  #refuseUnhandled(planned: readonly Planned[]): void {
    const nobodys = planned.find(
      ({ routes, acceptedBefore, publication }) =>
        routes.length === 0 && acceptedBefore.length === 0 && !publication.topic.carriage.isStore,
    );
    if (nobodys?.publication.follower !== undefined) throw new UnhandledTaskError(nobodys.publication.name);
    if (nobodys !== undefined && this.#facilities.onUnhandled === "error")
      throw new UnhandledEventError(nobodys.publication.name, nobodys.publication.id);
  }
}

function hasRoom(routes: readonly Route[]): boolean {
  if (routes.length === 0) return false;
  for (const route of routes) if (!route.lane.hasRoomFor(routes.length)) return false;
  return true;
}

/* Inside a transaction, and where a loop may have run too long, there is something to decide. */
function isPlainFrame(frame: Frame): boolean {
  return (
    frame instanceof AttemptDelivery && frame.outer === undefined && frame.ticket.publication.hops < HOPS_MAX
  );
}

/* What cannot join it would be published although the transaction may fail. */
function refuseTransaction({ carriage }: Topic, admission: Admission): void {
  if (admission === "held") throw new NotStartedError("a publish in a transaction came before start()");
  if (carriage.joinsTransactions) return;
  const says = `Transport ${carriage.name} cannot join a transaction.`;
  throw new TypeError(`${says} Publish without \`transaction\`, or on a transport of the same database.`);
}

function first(receipts: readonly Receipt[]): Receipt {
  return receipts[0]!;
}
