/**
 * What was planned here and is on its way through a transport: a ticket goes into its lane when its place and its item
 * are both there, whichever comes first.
 */
import type { Item } from "../transport/transport.js";
import type { Publication } from "./publication.js";
import type { Ticket } from "./ticket.js";

/** How a ticket goes into its lane, and whether a place has been claimed for it. */
export interface Entry {
  readonly enter: () => void;
  readonly holdsPlace: boolean;
}

interface Way {
  readonly ticket: Ticket;
  /** Decided against: nothing is to become of its item. */
  readonly isDeclined: boolean;
  entry: Entry | undefined;
  item: Item | undefined;
}

/** Who is told of what becomes of tickets. */
export interface Told {
  /** Runs before a ticket goes into its lane. */
  readonly entered: (ticket: Ticket, item: Item) => void;
  /** Its item has come broken; its place is free again. */
  readonly spoiled: (ticket: Ticket) => void;
}

/** What is to be done with an item that has arrived. */
export type Arrival = "planned" | "declined" | "unplanned";

export class Ways {
  /* By group and id of the event, several where one id was published several times. */
  readonly #ways = new Map<string, Way[]>();
  /* By group, items that came broken while something was on its way there: they have no id. */
  readonly #broken = new Map<string, number>();
  #count = 0;
  readonly #told: Told;

  constructor(told: Told) {
    this.#told = told;
  }

  /** How many tickets are on their way. */
  get count(): number {
    return this.#count;
  }

  /** An item will come for the ticket; without an entry its place is still waited for. */
  expect(ticket: Ticket, entry: Entry | undefined): void {
    this.#count++;
    this.#add({ ticket, isDeclined: false, entry: undefined, item: undefined });
    if (entry !== undefined) this.place(ticket, entry);
  }

  /** An item will come that nobody here wants, or wants a second time. */
  decline(ticket: Ticket): void {
    this.#add({ ticket, isDeclined: true, entry: undefined, item: undefined });
  }

  /** The place of a ticket is there. */
  place(ticket: Ticket, entry: Entry): void {
    const way = this.#ways.get(nameOf(ticket))?.find((each) => each.ticket === ticket);
    if (way === undefined) return;
    way.entry = entry;
    ticket.route.underway++;
    this.#meet(way);
    this.#giveUpSpoiled(ticket.route.name);
  }

  arrive(item: Item): Arrival {
    if ("undecodable" in item.envelope) {
      this.#broken.set(item.group, (this.#broken.get(item.group) ?? 0) + 1);
      this.#giveUpSpoiled(item.group);
      return "unplanned";
    }
    const ways = this.#ways.get(wayOf(item.group, item.envelope.id));
    const way = ways?.find((each) => each.item === undefined);
    if (way === undefined) return ways === undefined ? "unplanned" : "declined"; // what is here already came twice
    way.item = item;
    if (way.isDeclined) this.#remove(way);
    else this.#meet(way);
    this.#giveUpSpoiled(item.group);
    return way.isDeclined ? "declined" : "planned";
  }

  /** Takes back what has not arrived, of one publication or of all; the answer still holds its claimed places. */
  recall(publication?: Publication): { readonly ticket: Ticket; readonly item: Item | undefined }[] {
    const ways = [...this.#ways.values()].flat();
    const recalled = ways.filter(
      (way) => publication === undefined || way.ticket.publication === publication,
    );
    for (const way of recalled) this.#leave(way);
    return recalled.filter((way) => !way.isDeclined);
  }

  /** Takes back one whose place will never be there. */
  refuse(ticket: Ticket): Item | undefined {
    const way = this.#ways.get(nameOf(ticket))?.find((each) => each.ticket === ticket);
    if (way === undefined) return undefined;
    this.#remove(way);
    this.#count--;
    if (way.item === undefined) this.decline(ticket);
    return way.item;
  }

  /*
   * Nobody knows which one an item without an id was. When as many have come broken as are still on their way to the group,
   * nothing else will come; and what comes after all is taken as unplanned.
   */
  #giveUpSpoiled(group: string): void {
    const broken = this.#broken.get(group);
    if (broken === undefined) return;
    const ways = [...this.#ways.values()]
      .flat()
      .filter(({ ticket, item }) => ticket.route.name === group && item === undefined);
    if (ways.length === 0) this.#broken.delete(group);
    if (ways.length > broken || ways.some((way) => !way.isDeclined && way.entry === undefined)) return;
    this.#broken.delete(group);
    for (const way of ways) {
      this.#leave(way);
      if (!way.isDeclined) this.#told.spoiled(way.ticket);
    }
  }

  #meet(way: Way): void {
    if (way.entry === undefined || way.item === undefined) return;
    this.#remove(way);
    this.#count--;
    way.ticket.route.underway--;
    this.#told.entered(way.ticket, way.item);
    way.entry.enter();
  }

  #leave(way: Way): void {
    this.#remove(way);
    if (way.isDeclined) return;
    this.#count--;
    if (way.entry === undefined) return;
    way.ticket.route.underway--;
    if (way.entry.holdsPlace) way.ticket.route.lane.release();
  }

  #add(way: Way): void {
    const name = nameOf(way.ticket);
    const ways = this.#ways.get(name);
    if (ways === undefined) this.#ways.set(name, [way]);
    else ways.push(way);
  }

  #remove(way: Way): void {
    const name = nameOf(way.ticket);
    const rest = this.#ways.get(name)?.filter((each) => each !== way) ?? [];
    if (rest.length === 0) this.#ways.delete(name);
    else this.#ways.set(name, rest);
  }
}

function nameOf({ route, publication }: Ticket): string {
  return wayOf(route.name, publication.id);
}

function wayOf(group: string, eventId: string): string {
  return `${group} ${eventId}`;
}
