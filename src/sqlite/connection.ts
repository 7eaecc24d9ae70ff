/** One connection to the database: its own, or one that the application lends. */
import { DatabaseSync, type StatementSync } from "node:sqlite";

import { StoreError } from "../transport/store-errors.js";
import type { Settings } from "./options.js";

export type Value = string | number | null | Uint8Array;
export type Row = Readonly<Record<string, Value>>;

/* Longer, and the event loop would stand still; who is refused tries again after a while. */
const BUSY_MS = 5;
const SYNCHRONOUS = { normal: 1, full: 2 } as const;

export class Connection {
  readonly database: DatabaseSync;
  readonly isLent: boolean;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, isLent: boolean) {
    this.database = database;
    this.isLent = isLent;
  }

  /** The absolute path of the file; empty where the database is in memory. */
  get file(): string {
    const main = this.rows("PRAGMA database_list").find(({ name }) => name === "main");
    return String(main?.["file"] ?? "");
  }

  get isInTransaction(): boolean {
    try {
      this.database.exec("BEGIN"); // Node 22.13 has no other way to tell
      this.database.exec("ROLLBACK");
      return false;
    } catch {
      return true;
    }
  }

  rows(sql: string, ...values: readonly Value[]): readonly Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  row(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  /** Answers how many rows it changed, and the number of the last one that it added. */
  run(sql: string, ...values: readonly Value[]): { readonly changes: number; readonly added: number } {
    const { changes, lastInsertRowid } = this.#statement(sql).run(...values);
    return { changes: Number(changes), added: Number(lastInsertRowid) };
  }

  /** All of it, or nothing; nobody else writes meanwhile. */
  immediate<T>(work: () => T): T {
    this.database.exec("BEGIN IMMEDIATE");
    try {
      const answer = work();
      this.database.exec("COMMIT");
      return answer;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    if (!this.isLent) this.database.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.database.prepare(sql)));
    return statement;
  }

  /* A full disk has rolled back by itself. */
  #rollBack(): void {
    try {
      this.database.exec("ROLLBACK");
    } catch {
      // There is no transaction any more.
    }
  }
}

/** Opens the file, or takes what is lent, and checks that it is as durable as it is declared to be. */
export function connect({ path, database, synchronous }: Settings): Connection {
  const connection =
    database === undefined ? new Connection(new DatabaseSync(path!), false) : new Connection(database, true);
  try {
    if (!connection.isLent) prepare(connection, synchronous);
    check(connection, synchronous);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

function prepare({ database }: Connection, synchronous: Settings["synchronous"]): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  database.exec("PRAGMA journal_mode = wal");
  database.exec(`PRAGMA synchronous = ${SYNCHRONOUS[synchronous]}`);
}

function check(connection: Connection, synchronous: Settings["synchronous"]): void {
  const mode = String(connection.row("PRAGMA journal_mode")?.["journal_mode"]);
  if (mode !== "wal") throw settings(`its journal mode is ${mode}, not wal`, "PRAGMA journal_mode = wal");
  const level = Number(connection.row("PRAGMA synchronous")?.["synchronous"]);
  const wanted = SYNCHRONOUS[synchronous];
  if (level >= wanted) return;
  const declared = synchronous === "full" ? "a power loss" : "the loss of the process";
  throw settings(
    `synchronous is ${level}, which does not survive ${declared}`,
    `PRAGMA synchronous = ${synchronous}`,
  );
}

function settings(problem: string, pragma: string): StoreError {
  return new StoreError(
    "sqlite",
    "settings",
    `${problem}. Run \`${pragma}\` on it, in a file, before start().`,
  );
}
