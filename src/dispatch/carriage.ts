/** What brings the events of a topic to their lanes: straight, or through a transport on its port. */
import type { Settlement } from "../transport/transport.js";
import type { Publication } from "./publication.js";
import type { Ticket } from "./ticket.js";

export interface Carriage {
  /** The name of the transport. */
  readonly name: string;
  /** Whether `send` has anything to do. */
  readonly isCarrying: boolean;
  /** Whether the store of the transport holds the queue: it fans out, and nothing is planned here. */
  readonly isStore: boolean;
  /** A place has been claimed for the ticket. */
  place(ticket: Ticket): void;
  /** Sends what has been planned; `failed` gets each ticket that will not come, before the promise rejects. */
  send(publications: readonly Publication[], failed: (ticket: Ticket) => void): Promise<void>;
  /** Tells the transport what became of an item that it handed out. */
  settle(ticket: Ticket, settlement: Settlement): void;
  /** Whether the transport takes a delivery back for its retry; otherwise the lane holds it. */
  takesRetry(ticket: Ticket, afterMs: number): boolean;
}

/** Memory, without the detour over its port: the place is claimed, so the ticket goes into it. */
export class StraightCarriage implements Carriage {
  readonly name: string;
  readonly isCarrying = false;
  readonly isStore = false;

  constructor(name: string) {
    this.name = name;
  }

  place(ticket: Ticket): void {
    ticket.route.lane.place(ticket);
  }
  async send(): Promise<void> {}
  settle(): void {}
  takesRetry(): boolean {
    return false;
  }
}
