/** A transport on its port: what was planned goes out by `send` and comes in by `deliver`; what a store hands out is new. */
import { DeliveryLostError, toError } from "../errors.js";
import { deadLetter } from "../delivery/outcome.js";
import { Tree } from "../ledger/tree.js";
import { isThenable } from "../runtime/thenable.js";
import type { Item, Settlement, Sink, Transport, WireEnvelope } from "../transport/transport.js";
import type { Carriage } from "./carriage.js";
import type { Facilities } from "./facilities.js";
import type { Planner } from "./planner.js";
import type { Publication } from "./publication.js";
import type { Recorder } from "./recorder.js";
import type { Route } from "./route.js";
import type { Ticket } from "./ticket.js";
import { fromWire, toWire } from "./wire.js";

/** What the carriage needs of the rest of the bus. */
export interface PortParts {
  readonly facilities: Facilities;
  readonly planner: Planner;
  readonly recorder: Recorder;
  readonly route: (name: string) => Route | undefined;
  /** An item that cannot become a delivery. */
  readonly refused: (item: Item, error: Error) => void;
}

const POISON = deadLetter("poison");

export class PortCarriage implements Carriage, Sink {
  readonly name: string;
  readonly transport: Transport;
  readonly #parts: () => PortParts;
  readonly #planned = new Map<string, Ticket>();
  readonly #items = new Map<Item, Ticket>();
  state: "up" | "down" = "up";

  constructor(name: string, transport: Transport, parts: () => PortParts) {
    this.name = name;
    this.transport = transport;
    this.#parts = parts;
  }

  get isStore(): boolean {
    return this.transport.features.holds === "store";
  }

  /** What is on its way: planned and sent, and not handed out yet. */
  get onTheWay(): readonly Ticket[] {
    return [...this.#planned.values()];
  }

  place(ticket: Ticket): void {
    this.#planned.set(wayOf(ticket.publication.id, ticket.route.name), ticket);
  }

  async send(publications: readonly Publication[], failed: (ticket: Ticket) => void): Promise<void> {
    try {
      const { handOver } = this.#parts().facilities.runtime;
      const batch = publications.map((each) => toWire(each, this.transport.features.serialises));
      if (handOver !== undefined) await handOver("send", this.name);
      await this.transport.send(batch);
    } catch (error) {
      for (const ticket of this.onTheWay)
        if (publications.includes(ticket.publication)) this.#recall(ticket, failed);
      throw error;
    }
  }

  // ── What the transport calls ──────────────────────────────────────────────────────────────────────────────────

  async deliver(item: Item): Promise<void> {
    const { handOver } = this.#parts().facilities.runtime;
    if (handOver !== undefined) await handOver("receive", this.name);
    const ticket = this.#planned.get(wayOf(idOf(item), item.group)) ?? this.#unplanned(item);
    if (ticket === undefined) return;
    this.#planned.delete(wayOf(ticket.publication.id, item.group));
    ticket.item = item;
    this.#items.set(item, ticket);
    ticket.route.lane.place(ticket);
  }

  lost(item: Item, reason: "lease" | "connection" | "removed"): void {
    const ticket = this.#items.get(item);
    if (ticket?.attempt === undefined) return;
    ticket.attempt.isWithdrawn = true;
    this.#parts().recorder.lost(ticket, reason);
    ticket.attempt.abort(new DeliveryLostError(ticket.route.name, reason));
  }

  changed(state: "up" | "down", error?: Error): void {
    this.state = state;
    const { notices, log, runtime } = this.#parts().facilities;
    log.transport(state, this.name, error);
    if (notices.hears(`transport.${state}`))
      notices.post(`transport.${state}`, { at: new Date(runtime.host.now()), transport: this.name, error });
  }

  // ── What dispatch calls ───────────────────────────────────────────────────────────────────────────────────────

  settle(item: Item, settlement: Settlement): void {
    this.#items.delete(item);
    const failed = (error: unknown): void => this.#parts().facilities.log.settleFailed(item.group, error);
    try {
      const answer = this.transport.settle(item, settlement);
      if (isThenable(answer)) answer.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
    if (this.isStore) this.transport.credit(item.group, 1);
  }

  takesRetry(afterMs: number): boolean {
    const { order, retryAfterMaxMs } = this.transport.features;
    return this.isStore && order !== "group" && afterMs <= retryAfterMaxMs;
  }

  #recall(ticket: Ticket, failed: (ticket: Ticket) => void): void {
    this.#planned.delete(wayOf(ticket.publication.id, ticket.route.name));
    ticket.route.lane.release();
    failed(ticket);
  }

  #unplanned(item: Item): Ticket | undefined {
    const route = this.#parts().route(item.group);
    try {
      if (route === undefined) throw new Error(`No subscription here is named ${item.group}.`);
      if ("undecodable" in item.envelope) throw item.envelope.error;
      return this.#admitted(route, item, fromWire(item.envelope, this.#parts().facilities));
    } catch (error) {
      this.#parts().refused(item, toError(error));
      return undefined;
    }
  }

  #admitted(route: Route, item: Item, publication: Publication): Ticket {
    const tree = new Tree();
    const ticket = this.#parts().planner.ticket(route, publication, tree);
    tree.opened();
    route.counts.routed++;
    route.lane.claim();
    ticket.failures = item.failures;
    ticket.history = item.history.map((each) => ({
      attempt: each.attempt,
      at: new Date(each.at),
      ran: each.ranMs,
      error: each.error,
    }));
    const { crashes = 3 } = route.subscription.options;
    if (item.deliveries > route.retry.attempts + crashes) ticket.foregone = { outcome: POISON };
    return ticket;
  }
}

function idOf({ envelope }: Item): string {
  return "undecodable" in envelope ? "" : (envelope as WireEnvelope).id;
}

function wayOf(eventId: string, group: string): string {
  return `${group} ${eventId}`;
}
