/** The connections of the application whose transactions are joined. */
import type { DatabaseSync } from "node:sqlite";

import { show } from "../runtime/options.js";
import { Connection } from "./connection.js";

export class Joined {
  readonly #known = new WeakMap<DatabaseSync, Connection>();

  /** The connection that a transaction is open on, to the file of our own; `begun` where the transport has begun it. */
  of(transaction: unknown, own: Connection, begun: Connection | undefined): Connection {
    const database = transaction as DatabaseSync;
    if (typeof database?.prepare !== "function")
      throw new TypeError(
        `Expected \`transaction\` to be a DatabaseSync of node:sqlite, got ${show(transaction)}.`,
      );
    const known = begun ?? this.#known.get(database) ?? new Connection(database, true);
    if (begun === undefined) this.#known.set(database, known);
    if (known.file !== own.file) throw new TypeError(OTHER_FILE);
    if (!known.isInTransaction) throw new TypeError(NO_TRANSACTION);
    own.checkFile();
    return known;
  }
}

const OTHER_FILE =
  "The transaction is on another database than the SQLite transport. Publish within one on the same file.";
const NO_TRANSACTION =
  "The connection that was given as `transaction` has none open. Begin one, and commit it when the work is done.";
