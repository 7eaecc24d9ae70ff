/** What brings the events of a topic to their lanes: straight, or through a transport on its port. */
import type { Item, Settlement } from "../transport/transport.js";
import type { Shelf } from "./shelf.js";

export interface Carriage {
  /** The name of the transport. */
  readonly name: string;
  /** Whether the store of the transport holds the queue: it fans out, and nothing is planned here. */
  readonly isStore: boolean;
  /** Whether what it accepted survives this process. */
  readonly survives: boolean;
  /** Whether what it carries can be published within a transaction of the application's database. */
  readonly joinsTransactions: boolean;
  /** Whether its store keeps the dead letters of what it handed out, and the keys that are parked there. */
  readonly keepsDeadLetters: boolean;
  /** The records of its store; undefined where it has none, and everything lives in the process. */
  readonly shelf: Shelf | undefined;
  /** An item that is settled later has its slot free already: another may come in its place. */
  lend(item: Item): void;
  /** Whether its transport begins transactions on the database that holds the queue. */
  readonly beginsTransactions: boolean;
  /** Tells the transport what became of an item that it handed out. */
  settle(item: Item, settlement: Settlement): void;
  /** Whether the transport takes a delivery back for its retry; otherwise the lane holds it. */
  takesRetry(afterMs: number): boolean;
  /** Whether the transport keeps an event until it is due; otherwise the bus does. */
  takesDelay(ms: number): boolean;
}

/** Memory, without the detour over its port: tickets go into the places that were claimed for them, and nothing else. */
export class StraightCarriage implements Carriage {
  readonly name: string;
  readonly isStore = false;
  readonly survives = false;
  readonly joinsTransactions = false;
  readonly keepsDeadLetters = false;
  readonly shelf = undefined;
  readonly beginsTransactions = false;

  constructor(name: string) {
    this.name = name;
  }

  settle(): void {}
  lend(): void {}
  takesRetry(): boolean {
    return false;
  }
  takesDelay(): boolean {
    return false;
  }
}
