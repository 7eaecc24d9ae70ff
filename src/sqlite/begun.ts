/** One transaction that the transport has begun: its client, what was settled within it, and its end. */
import type { DatabaseSync } from "node:sqlite";

import type { TransportTransaction } from "../transport/transport.js";
import type { Connection } from "./connection.js";
import { commitError } from "./faults.js";
import type { Held } from "../transport/holdings.js";

export class Begun implements TransportTransaction {
  readonly client: DatabaseSync;
  readonly connection: Connection;
  readonly #ended: (helds: readonly Held[], isCommitted: boolean) => void;
  readonly #helds: Held[] = [];
  #isOver = false;

  constructor(connection: Connection, ended: (helds: readonly Held[], isCommitted: boolean) => void) {
    this.connection = connection;
    this.client = connection.database;
    this.#ended = ended;
  }

  /** A delivery that is settled within it: until its end nobody knows whether it is. */
  settles(held: Held): void {
    this.#helds.push(held);
  }

  commit(): void {
    if (this.#isOver) throw new TypeError(OVER);
    try {
      this.client.exec("COMMIT");
    } catch (error) {
      this.rollBack();
      throw commitError(error);
    }
    this.#end(true);
  }

  rollBack(): void {
    if (this.#isOver) return;
    try {
      this.client.exec("ROLLBACK");
    } catch {
      // A full disk has rolled back by itself, or the work has.
    }
    this.#end(false);
  }

  #end(isCommitted: boolean): void {
    this.#isOver = true;
    try {
      this.connection.close();
    } catch {
      // The work has closed it.
    }
    this.#ended(this.#helds, isCommitted);
  }
}

const OVER =
  "The transaction has ended: it was rolled back when the transport closed. Do the work once more.";
