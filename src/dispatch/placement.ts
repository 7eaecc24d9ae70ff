/** Carries out a plan: places what has room, drops what must go, waits for the rest, tells whoever watches. */
import type { PublishOptions } from "../delivery/receipt.js";
import type { Final, Tree } from "../ledger/tree.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import { carry, isCarried, portOf } from "./carrying.js";
import { byPublish, type Decision, giveBackInbox, isAccepted, type Plan, type Planned } from "./planner.js";
import type { Recorder } from "./recorder.js";
import type { Settlement } from "./settlement.js";
import { Telling } from "./telling.js";
import { Ticket } from "./ticket.js";
import { WaitingPublish } from "./waiting.js";
import type { Entry } from "./ways.js";
import type { Publication } from "./publication.js";
import type { Route } from "./route.js";

export interface PlacementOptions extends Pick<PublishOptions, "signal" | "transaction"> {
  /** The delivery that publishes. */
  readonly from: AttemptDelivery | undefined;
  /** Held events are owed: they wait as long as it takes. */
  readonly isOwed: boolean;
}

type Sending = Pick<PlacementOptions, "signal" | "transaction">;

export class Placement {
  readonly #facilities: Facilities;
  readonly #recorder: Recorder;
  readonly #settlement: Settlement;
  readonly #waiting = new Set<WaitingPublish>();
  readonly #onQuiet: () => void;
  readonly #telling: Telling;
  #inTransit = 0;

  constructor(
    facilities: Facilities,
    parts: { recorder: Recorder; settlement: Settlement; onQuiet: () => void },
  ) {
    this.#facilities = facilities;
    this.#recorder = parts.recorder;
    this.#settlement = parts.settlement;
    this.#onQuiet = parts.onQuiet;
    this.#telling = new Telling(facilities);
  }

  /** Events published, and those of them that nobody was there for. */
  get counts(): { readonly published: number; readonly unhandled: number } {
    return this.#telling.counts;
  }

  /** How many sends a transport has not answered yet. */
  get inTransit(): number {
    return this.#inTransit;
  }

  /** Answers a promise only where a lane makes it wait, or a transport takes its time. */
  carryOut(planned: readonly Planned[], plan: Plan, options: PlacementOptions): Promise<void> | undefined {
    for (let index = 0; index < plan.tickets.length; index++)
      this.#decided(plan.tickets[index]!, plan.decisions[index]!);
    const placed = plan.hasWaiting ? this.#wait(planned, plan, options) : undefined;
    this.#tell(planned);
    return isCarried(planned) ? this.#carried(planned, placed, options) : placed;
  }

  /** Places an event whose topic is plain where every lane has room: nothing of a plan is needed then. */
  placeAll(publication: Publication, tree: Tree | undefined): void {
    const { key } = publication;
    for (const route of publication.routing.routes) {
      const { lane } = route;
      tree?.opened();
      this.#routed(publication, route);
      lane.claim();
      if (key === undefined && lane.takesSeeds && publication.follower === undefined) lane.sow(publication);
      else lane.place(new Ticket(route, publication, key));
    }
    this.#telling.told(publication);
  }

  /** Ends the waits of publishes from outside: the bus is closing. */
  giveUpOutside(reason: unknown): void {
    for (const waiting of this.#waiting)
      if (waiting.from?.bus !== this.#facilities.bus) waiting.giveUp(reason, true);
  }

  /** Ends all waits. */
  giveUpAll(reason: unknown): void {
    for (const waiting of this.#waiting) waiting.giveUp(reason, true);
  }

  /** A ticket whose place is there goes into its lane, through a port when its item has come too. */
  place(ticket: Ticket): void {
    const port = portOf(ticket.publication);
    if (ticket.standing === "ended") ticket.route.lane.release();
    else if (port === undefined) this.#into(ticket);
    else port.place(ticket, this.#entryOf(ticket, undefined));
  }

  /** Carries out what was decided of a ticket; `counted` runs when it is to be counted, before anybody is told. */
  enter(ticket: Ticket, decision: Decision, counted: () => void): void {
    const port = portOf(ticket.publication);
    if (decision === "evict" && port === undefined) return this.#evict(ticket, counted);
    counted();
    if (decision === "filtered" || decision === "deduplicated") {
      port?.decline(ticket);
      this.end(ticket, decision);
    } else if (port !== undefined) {
      const evict = decision === "evict" ? () => this.#evict(ticket, () => undefined) : undefined;
      port.expect(ticket, decision === "wait" ? undefined : this.#entryOf(ticket, evict));
    } else if (decision === "place") this.#into(ticket);
  }

  /* Into the place that has been claimed for it. */
  #into(ticket: Ticket): void {
    const { lane, debounce } = ticket.route;
    if (debounce === undefined || ticket.foregone !== undefined) return lane.place(ticket);
    const { older, ms, over } = debounce.hold(ticket, this.#facilities.runtime.turn.monotonic());
    lane.placeLater(ticket, ms, over);
    if (older !== undefined) this.#settlement.giveUp(older as Ticket, "dropped", { reason: "superseded" });
  }

  /* How a ticket goes into its lane when its item has come. */
  #entryOf(ticket: Ticket, evict: (() => void) | undefined): Entry {
    if (evict !== undefined) return { enter: evict, holdsPlace: false };
    return { enter: () => this.#into(ticket), holdsPlace: true };
  }

  /** Tells of what a transaction has committed, and sends it; its publishers have their receipts already. */
  committed(planned: readonly Planned[]): void {
    this.#tell(planned);
    if (!isCarried(planned)) return;
    void this.#carry(planned).catch((error: unknown) =>
      this.#facilities.log.releaseFailed(planned[0]!.publication.name, planned[0]!.publication.id, error),
    );
  }

  /** Tells of what was sent within a transaction that is committed now. */
  joined(planned: readonly Planned[]): void {
    for (const { publication } of planned) this.#telling.told(publication);
  }

  /** Waits for the places of a plan; `granted` gets each ticket whose place has been claimed. */
  async waitFor(plan: Plan, options: PlacementOptions, granted: (ticket: Ticket) => void): Promise<void> {
    const decided = plan.tickets.map((ticket, index) => ({ ticket, decision: plan.decisions[index]! }));
    const ofWait = (isWait: boolean): Ticket[] =>
      decided
        .filter((each) => isAccepted(each) && (each.decision === "wait") === isWait)
        .map((each) => each.ticket);
    const accepted = [...plan.acceptedBefore, ...ofWait(false).map((ticket) => ticket.route.name)];
    const { from, signal, isOwed } = options;
    const refused = (ticket: Ticket): void => this.#refused(ticket, isOwed);
    const waiting = new WaitingPublish(
      { waiting: ofWait(true), accepted, from, signal, isOwed, granted, refused },
      this.#facilities,
    );
    this.#waiting.add(waiting);
    try {
      await waiting.places;
    } catch (error) {
      if (!isOwed) throw error;
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /* What was held is owed a place: where the bus closes before there is one, it is given up by name. */
  #refused(ticket: Ticket, isOwed: boolean): void {
    const { cancelReason: reason } = ticket.publication.follower ?? {};
    portOf(ticket.publication)?.refuse(ticket);
    if (reason !== undefined) return this.#settlement.giveUp(ticket, "dropped", { reason });
    if (isOwed) this.#settlement.giveUp(ticket, "abandoned", { reason: "no lane had room before the close" });
    else this.withdraw(ticket);
  }

  /** Ends the waits for these events as if nobody had wanted them: their publish resolves. */
  stopWaiting(planned: readonly Pick<Planned, "publication">[]): void {
    for (const waiting of this.#waiting)
      if (planned.some(({ publication }) => waiting.isFor(publication))) waiting.end();
  }

  /** What was routed is not to be after all: it is taken out of the counts again. */
  withdraw(ticket: Ticket): void {
    if (ticket.isRefused) return;
    ticket.isRefused = true;
    ticket.route.counts.routed--;
    giveBackInbox(ticket);
    ticket.publication.follower?.withdrawn("taken back before it was delivered");
    ticket.tree.closed();
  }

  routed(ticket: Ticket): void {
    ticket.tree.opened();
    this.#routed(ticket.publication, ticket.route);
  }

  #routed(publication: Publication, route: Route): void {
    route.counts.routed++;
    this.#facilities.journal?.note(publication.id, route.name, "routed", `into lane ${route.lane.name}`);
  }

  /*
   * Drops what the overflow policy says, perhaps the newcomer itself. Counted when the lane has answered: it may tell that
   * it is full, and the counts add up for whoever hears that.
   */
  #evict(ticket: Ticket, counted: () => void): void {
    const dropped = ticket.route.lane.placeOrDrop(ticket, () => this.#into(ticket));
    counted();
    if (dropped === undefined) return;
    if (dropped.queued === ticket) ticket.isRefused = true;
    this.#settlement.giveUp(dropped.queued as Ticket, "dropped", { reason: dropped.reason });
  }

  end(ticket: Ticket, how: Extract<Final, "filtered" | "deduplicated">): void {
    this.#recorder.leaves(ticket, how);
    this.#recorder.ended(ticket, how, {
      reason: how === "filtered" ? "when answered false" : "it had this one already",
    });
  }

  #decided(ticket: Ticket, decision: Plan["decisions"][number]): void {
    this.enter(ticket, decision, () => (decision === "wait" ? undefined : this.routed(ticket)));
  }

  /* Whoever watches is told of an event when the first has taken it. */
  async #wait(planned: readonly Planned[], plan: Plan, options: PlacementOptions): Promise<void> {
    for (const [each, decided] of byPublish(planned, plan)) {
      const waiting = decided.filter(({ decision }) => decision === "wait");
      for (const { ticket } of waiting) this.routed(ticket);
      if (!each.isTold && decided.length > 0 && waiting.length === decided.length)
        this.#telling.later(each.publication);
    }
    try {
      await this.waitFor(plan, options, (ticket) => this.#granted(ticket));
    } finally {
      for (const { publication } of planned)
        if (portOf(publication) === undefined) this.#telling.never(publication);
    }
  }

  #granted(ticket: Ticket): void {
    const { publication } = ticket;
    this.place(ticket);
    if (portOf(publication) === undefined) this.#telling.taken(publication);
  }

  /* What goes through a port is told when the transport has it. */
  #tell(planned: readonly Planned[]): void {
    for (const { publication, isTold } of planned)
      if (!isTold && portOf(publication) === undefined && !this.#telling.isLater(publication))
        this.#telling.told(publication);
  }

  /* A send that fails takes its tickets out of the counts again; the publish rejects with what the transport said. */
  async #carry(planned: readonly Planned[], { signal, transaction }: Sending = {}): Promise<void> {
    this.#inTransit++;
    for (const each of planned)
      if (!each.isTold && portOf(each.publication) !== undefined) this.#telling.later(each.publication);
    try {
      await carry(planned, {
        how: { ...(signal && { signal }), ...(transaction === undefined ? {} : { transaction }) },
        sent: ({ publication }) => this.#telling.taken(publication),
        known: (tickets) => tickets.forEach((ticket) => this.end(ticket, "deduplicated")),
        failed: (publication, recalled, error) => {
          this.#telling.never(publication);
          for (const waiting of this.#waiting) if (waiting.isFor(publication)) waiting.giveUp(error, true);
          for (const ticket of recalled()) this.withdraw(ticket);
        },
      });
    } finally {
      this.#inTransit--;
      this.#onQuiet();
    }
  }

  /* The wait may end first, but the transport has the last word. */
  async #carried(
    planned: readonly Planned[],
    placed: Promise<void> | undefined,
    sending: Sending,
  ): Promise<void> {
    placed?.catch(() => undefined);
    await this.#carry(planned, sending);
    await placed;
  }
}
