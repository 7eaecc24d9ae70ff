/** A transport on its port: what was planned goes out by `send` and comes in by `deliver`; what a store hands out is new. */
import { DeliveryLostError } from "../errors.js";
import type { Item, Settlement, Sink, Transport } from "../transport/transport.js";
import type { Carriage } from "./carriage.js";
import { Credits } from "./credits.js";
import type { Facilities } from "./facilities.js";
import { groupOf, readAhead } from "./features.js";
import type { ParkedKeys } from "./parked-keys.js";
import { PortSettling } from "./port-settling.js";
import type { Publication } from "./publication.js";
import type { Route } from "./route.js";
import { type Shelf, shelfOf } from "./shelf.js";
import type { Ticket } from "./ticket.js";
import { type Entry, Ways } from "./ways.js";
import { toWire } from "./wire.js";

/** The signal that ends the sending, the transaction that it joins. */
export type SendOptions = NonNullable<Parameters<Transport["send"]>[1]>;

/** Who takes an item in. */
export interface Receiver {
  readonly carriage: Carriage;
  readonly taken: (ticket: Ticket) => void;
  /** An earlier one of its key has failed: it is not to run. */
  readonly isParked: boolean;
}

/** Where items go that were not planned here. */
export interface Reception {
  /** Places the delivery of an item, which `taken` hears first; answers how the item ends where there is none. */
  receive(item: Item, route: Route, to: Receiver): Settlement | undefined;
  /** What was planned has come broken: its bytes are kept already, and nothing else will come of it. */
  spoiled(ticket: Ticket): void;
  /** The transport has taken a delivery away. */
  told(ticket: Ticket, reason: string): void;
  /** One that had not started, or waited for its retry, is not to be here. */
  withdraw(ticket: Ticket, reason: string): void;
}

/** What the carriage needs of the rest of the bus. */
export interface PortParts {
  readonly facilities: Facilities;
  readonly receiving: Reception;
  readonly route: (name: string) => Route | undefined;
}

export class PortCarriage implements Carriage, Sink {
  readonly name: string;
  readonly transport: Transport;
  state: "up" | "down" = "up";
  readonly #parts: () => PortParts;
  readonly #ways = new Ways({
    entered: (ticket, item) => this.#received(ticket, item),
    spoiled: (ticket) => this.#parts().receiving.spoiled(ticket),
  });
  readonly shelf: Shelf | undefined;
  /** How items are settled, and transactions begun. */
  readonly settling: PortSettling;
  readonly #items = new Map<Item, Ticket>();
  readonly #lent = new Set<Item>();
  readonly #credits = new Credits();
  readonly #declared = new Set<string>();
  readonly #declaring = new Set<Promise<void>>();
  #life: "shut" | "open" | "stopped" = "shut";

  constructor(name: string, transport: Transport, parts: () => PortParts) {
    this.name = name;
    this.transport = transport;
    this.#parts = parts;
    this.shelf = shelfOf(transport);
    this.settling = new PortSettling(transport, {
      begins: (group) => this.#credits.settling(group),
      answered: (group) => this.#answered(group),
      failed: (group, error) => this.#parts().facilities.log.settleFailed(group, error),
    });
  }

  get isStore(): boolean {
    return this.transport.features.holds === "store";
  }
  get survives(): boolean {
    return this.transport.features.survives !== "nothing";
  }
  get parkedKeys(): ParkedKeys | undefined {
    return this.settling.burials?.parkedKeys;
  }
  get keepsDeadLetters(): boolean {
    return this.settling.burials !== undefined;
  }
  get joinsTransactions(): boolean {
    return this.transport.features.transactions;
  }
  get beginsTransactions(): boolean {
    return this.isStore && this.transport.begin !== undefined;
  }
  get isOpen(): boolean {
    return this.#life !== "shut";
  }
  /** How many deliveries are planned and not handed out yet. */
  get onTheWay(): number {
    return this.#ways.count;
  }

  // ── Its life ──────────────────────────────────────────────────────────────────────────────────────────────────

  async open(): Promise<void> {
    await this.transport.open(this);
    this.#life = "open";
  }

  /** Makes a group known; what is published from now on waits until it is. */
  async declare(route: Route): Promise<void> {
    const declared = (async () => this.transport.declare(groupOf(route, this.transport.features)))();
    this.#declaring.add(declared);
    try {
      await declared;
      this.#declared.add(route.name);
    } finally {
      this.#declaring.delete(declared);
    }
  }

  /** Lets a group have what its lane takes; nothing more than before, where it has that already. */
  credit(route: Route): void {
    if (this.#life !== "open" || !this.#declared.has(route.name)) return;
    const more = this.#credits.topUp(route.name, this.isStore ? readAhead(route) : Infinity);
    if (more > 0) this.transport.credit(route.name, more);
  }

  /** Hands out nothing more; at once, even where the transport takes its time. */
  async stop(): Promise<void> {
    if (this.#life !== "open") return;
    this.#life = "stopped";
    await this.transport.stop();
  }

  async close(): Promise<void> {
    if (this.#life === "shut") return;
    this.#life = "shut";
    this.#items.clear();
    this.#lent.clear();
    this.settling.clear();
    this.#credits.clear();
    this.#declared.clear();
    await this.transport.close();
  }

  // ── What the transport calls ──────────────────────────────────────────────────────────────────────────────────

  async deliver(item: Item): Promise<void> {
    const { facilities, receiving, route } = this.#parts();
    const { handOver } = facilities.runtime;
    if (handOver !== undefined) await handOver("receive", this.name);
    this.#credits.handedOut(item.group);
    const arrival = this.#ways.arrive(item);
    if (arrival === "planned") return;
    if (arrival === "declined") return this.settle(item, { kind: "done" });
    const to = this.#life === "open" ? route(item.group) : undefined;
    if (to === undefined) return this.settle(item, { kind: "release" });
    const isParked = this.#parks(to) ? await this.settling.burials!.stops(item) : false;
    if (isParked === undefined || this.#life !== "open") return this.settle(item, { kind: "release" });
    const ended = receiving.receive(item, to, {
      carriage: this,
      taken: (ticket) => this.#received(ticket, item),
      isParked,
    });
    if (ended !== undefined) this.settle(item, ended);
  }

  lost(item: Item, reason: "lease" | "connection" | "removed"): void {
    const ticket = this.#items.get(item);
    if (ticket === undefined) return;
    const { receiving } = this.#parts();
    receiving.told(ticket, reason);
    if (ticket.standing === "running" && ticket.attempt !== undefined) {
      ticket.attempt.isWithdrawn = true;
      return ticket.attempt.abort(new DeliveryLostError(ticket.route.name, reason));
    }
    this.#forget(item);
    ticket.item = undefined;
    receiving.withdraw(ticket, reason);
    this.#goOn(item.group);
  }

  changed(state: "up" | "down", error?: Error): void {
    this.state = state;
    const { notices, log, runtime } = this.#parts().facilities;
    log.transport(state, this.name, error);
    if (notices.hears(`transport.${state}`))
      notices.post(`transport.${state}`, { at: new Date(runtime.host.now()), transport: this.name, error });
  }

  // ── What dispatch calls ───────────────────────────────────────────────────────────────────────────────────────

  /** Throws where the transport cannot carry it, with the path of the value. */
  check(publication: Publication): void {
    toWire(publication, this.transport.features, this.name);
  }

  expect(ticket: Ticket, entry: Entry | undefined): void {
    this.#ways.expect(ticket, entry);
  }
  place(ticket: Ticket, entry: Entry): void {
    this.#ways.place(ticket, entry);
  }
  decline(ticket: Ticket): void {
    this.#ways.decline(ticket);
  }

  /** Its place will never be there; an item that has come for it ends. */
  refuse(ticket: Ticket): void {
    const item = this.#ways.refuse(ticket);
    if (item !== undefined) this.settle(item, { kind: "done" });
  }

  /** Answers which of them the transport knew already. */
  async send(publications: readonly Publication[], how: SendOptions): Promise<ReadonlySet<Publication>> {
    const { handOver } = this.#parts().facilities.runtime;
    const batch = publications.map((each) => toWire(each, this.transport.features, this.name));
    if (handOver !== undefined) await handOver("send", this.name);
    if (this.#declaring.size > 0) await Promise.all(this.#declaring);
    const answers = await this.transport.send(batch, how);
    return new Set(publications.filter((_, index) => answers[index] === "duplicate"));
  }

  /** Takes back what has not been handed out, of one publication or of all; its places are free again. */
  recall(publication?: Publication): readonly Ticket[] {
    return this.#ways.recall(publication).map(({ ticket, item }) => {
      if (item !== undefined) this.settle(item, { kind: "release" });
      return ticket;
    });
  }

  lend(item: Item): void {
    this.#forget(item);
    this.#lent.add(item);
    this.#goOn(item.group);
  }

  settle(item: Item, settlement: Settlement): void {
    if (this.#life === "shut") return;
    if (!this.#lent.delete(item)) this.#forget(item);
    this.settling.settle(item, settlement, () => this.#parks(this.#parts().route(item.group)));
    if (settlement.kind === "done" || settlement.kind === "drop") this.settling.burials?.ended(item);
    this.#goOn(item.group);
  }

  /** Resolves when the store has the dead letters that were settled until now; after a second in any case. */
  async buried(): Promise<void> {
    await this.settling.burials?.answered(this.#parts().facilities.timers);
  }

  /** That transaction is committed: the transport knows already what this delivery came to. */
  settledWithin(item: Item): void {
    if (this.#items.has(item)) this.settling.knows(item);
  }

  takesRetry(afterMs: number): boolean {
    const { order, retryAfterMaxMs } = this.transport.features;
    return this.isStore && order !== "group" && afterMs <= retryAfterMaxMs;
  }

  takesDelay(ms: number): boolean {
    return this.isStore && ms <= this.transport.features.dueMaxMs;
  }

  #parks(route: Route | undefined): boolean {
    return this.settling.burials !== undefined && route?.subscription.options.keyFailure === "park";
  }

  /* What piles up in the store is not asked for anew before there are answers. */
  #answered(group: string): void {
    if (this.#life !== "shut" && this.#credits.answered(group)) this.#goOn(group);
  }

  #received(ticket: Ticket, item: Item): void {
    ticket.item = item;
    this.#items.set(item, ticket);
  }

  #forget(item: Item): void {
    this.#items.delete(item);
    this.#credits.settled(item.group);
  }

  /* Of a group that nobody has here any more, nothing is asked for. */
  #goOn(group: string): void {
    const route = this.isStore ? this.#parts().route(group) : undefined;
    if (route !== undefined) this.credit(route);
  }
}
