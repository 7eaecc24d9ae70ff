/** Carries out a plan: places what has room, drops what must go, waits for the rest, tells whoever watches. */
import type { PublishOptions } from "../delivery/receipt.js";
import type { Final, Tree } from "../ledger/tree.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import { PortCarriage } from "./port-carriage.js";
import { giveBackInbox, type Plan, type Planned } from "./planner.js";
import type { Recorder } from "./recorder.js";
import type { Settlement } from "./settlement.js";
import { Ticket } from "./ticket.js";
import { WaitingPublish } from "./waiting.js";
import type { Publication } from "./publication.js";

export interface PlacementOptions extends Pick<PublishOptions, "signal"> {
  /** The delivery that publishes. */
  readonly from: AttemptDelivery | undefined;
  /** Held events are owed: they wait as long as it takes. */
  readonly isOwed: boolean;
}

export class Placement {
  /** Events published, and those of them that nobody was there for. */
  readonly counts: { published: number; unhandled: number } = { published: 0, unhandled: 0 };
  readonly #facilities: Facilities;
  readonly #recorder: Recorder;
  readonly #settlement: Settlement;
  readonly #waiting = new Set<WaitingPublish>();
  readonly #onQuiet: () => void;
  #inTransit = 0;

  constructor(
    facilities: Facilities,
    parts: { recorder: Recorder; settlement: Settlement; onQuiet: () => void },
  ) {
    this.#facilities = facilities;
    this.#recorder = parts.recorder;
    this.#settlement = parts.settlement;
    this.#onQuiet = parts.onQuiet;
  }

  /** How many sends a transport has not answered yet. */
  get inTransit(): number {
    return this.#inTransit;
  }

  /** Answers a promise only where a lane makes it wait, or a transport takes its time. */
  carryOut(planned: readonly Planned[], plan: Plan, options: PlacementOptions): Promise<void> | undefined {
    for (let index = 0; index < plan.tickets.length; index++)
      this.#decided(plan.tickets[index]!, plan.decisions[index]!);
    for (const each of planned) if (each.acceptedBefore.length === 0) this.told(each.publication, each.tree);
    const placed = plan.hasWaiting ? this.#wait(plan, options) : undefined;
    if (!this.#isCarried(planned)) return placed;
    return placed === undefined ? this.#carry(planned) : placed.then(() => this.#carry(planned));
  }

  /** Places an event whose topic is plain where every lane has room: nothing of a plan is needed then. */
  placeAll(publication: Publication, tree: Tree): void {
    for (const route of publication.topic.routes) {
      const ticket = new Ticket(route, publication, tree, publication.key);
      this.routed(ticket);
      route.lane.claim();
      route.lane.place(ticket);
    }
    this.told(publication, tree);
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

  /** A ticket whose place is there goes into its lane, or on its way through the transport. */
  place(ticket: Ticket): void {
    const { carriage } = ticket.publication.topic;
    if (carriage instanceof PortCarriage) carriage.place(ticket);
    else ticket.route.lane.place(ticket);
  }

  /** Sends what a transaction has committed; its publishers have their receipts already. */
  carryLater(planned: readonly Planned[]): void {
    if (!this.#isCarried(planned)) return;
    void this.#carry(planned).catch((error: unknown) =>
      this.#facilities.log.releaseFailed(planned[0]!.publication.name, planned[0]!.publication.id, error),
    );
  }

  /** Waits for the places of a plan; `granted` gets each ticket whose place has been claimed. */
  async waitFor(plan: Plan, options: PlacementOptions, granted: (ticket: Ticket) => void): Promise<void> {
    const of = (decision: string): Ticket[] =>
      plan.tickets.filter((_, index) => plan.decisions[index] === decision);
    const accepted = of("place").map((ticket) => ticket.route.name);
    const { from, signal, isOwed } = options;
    const refused = (ticket: Ticket): void => this.withdraw(ticket);
    const waiting = new WaitingPublish(
      { waiting: of("wait"), accepted, from, signal, isOwed, granted, refused },
      this.#facilities,
    );
    this.#waiting.add(waiting);
    try {
      await waiting.places;
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** What was routed is not to be after all: it is taken out of the counts again. */
  withdraw(ticket: Ticket): void {
    if (ticket.isRefused) return;
    ticket.isRefused = true;
    ticket.route.counts.routed--;
    giveBackInbox(ticket);
    ticket.tree.closed();
  }

  routed(ticket: Ticket): void {
    ticket.route.counts.routed++;
    ticket.tree.opened();
    if (this.#facilities.journal !== undefined)
      this.#recorder.note(ticket, "routed", `into lane ${ticket.route.lane.name}`);
  }

  /** Drops what the overflow policy says, perhaps the newcomer itself. */
  evict(ticket: Ticket): void {
    const dropped = ticket.route.lane.placeOrDrop(ticket);
    if (dropped === undefined) return;
    if (dropped.queued === ticket) ticket.isRefused = true;
    this.#settlement.giveUp(dropped.queued as Ticket, "dropped", { reason: dropped.reason });
  }

  end(ticket: Ticket, how: Extract<Final, "filtered" | "deduplicated">): void {
    this.#recorder.ended(ticket, how, {
      reason: how === "filtered" ? "when answered false" : "it had this one already",
    });
  }

  #decided(ticket: Ticket, decision: Plan["decisions"][number]): void {
    this.routed(ticket);
    if (decision === "place") this.place(ticket);
    else if (decision === "evict") this.evict(ticket);
    else if (decision === "filtered" || decision === "deduplicated") this.end(ticket, decision);
  }

  #wait(plan: Plan, options: PlacementOptions): Promise<void> {
    return this.waitFor(plan, options, (ticket) => this.place(ticket));
  }

  /** Taps, notices and the word about events that nobody handles. */
  told(publication: Publication, tree: Tree): void {
    const { notices, runtime } = this.#facilities;
    this.counts.published++;
    if (publication.topic.taps.length > 0) this.#tapped(publication);
    if (notices.hears("event.published"))
      notices.post("event.published", {
        at: new Date(runtime.host.now()),
        event: publication.name,
        eventId: publication.id,
      });
    if (publication.topic.routes.length === 0 && !publication.topic.carriage.isStore)
      this.#unhandled(publication, tree);
  }

  #tapped(publication: Publication): void {
    for (const tap of publication.topic.taps)
      try {
        tap(publication.event, publication.envelope);
      } catch (error) {
        this.#facilities.log.tapFailed(publication.name, error);
      }
  }

  #unhandled(publication: Publication, tree: Tree): void {
    const { notices, runtime, onUnhandled, log } = this.#facilities;
    const { topic, name, id } = publication;
    this.counts.unhandled++;
    tree.count("unhandled");
    if (notices.hears("event.unhandled"))
      notices.post("event.unhandled", { at: new Date(runtime.host.now()), event: name, eventId: id });
    if (onUnhandled !== "warn" || topic.isWarned) return;
    topic.isWarned = true;
    log.unhandled(name, id);
  }

  #isCarried(planned: readonly Planned[]): boolean {
    return planned.some(({ publication }) => publication.topic.carriage instanceof PortCarriage);
  }

  /* A send that fails takes its tickets out of the counts again; the publish rejects with what the transport said. */
  async #carry(planned: readonly Planned[]): Promise<void> {
    this.#inTransit++;
    try {
      const carriages = new Set(planned.map(({ publication }) => publication.topic.carriage));
      for (const carriage of carriages) {
        if (!(carriage instanceof PortCarriage)) continue;
        const publications = planned
          .map((each) => each.publication)
          .filter((each) => each.topic.carriage === carriage);
        await carriage.send(publications, (ticket) => this.withdraw(ticket));
      }
    } finally {
      this.#inTransit--;
      this.#onQuiet();
    }
  }
}
