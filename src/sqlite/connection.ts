/** One connection to the database: its own, or one that the application lends. */
import { DatabaseSync, type StatementSync } from "node:sqlite";

import { StoreError } from "../transport/store-errors.js";
import type { Settings } from "./options.js";

import type { Value } from "../transport/envelope-rows.js";
export type Row = Readonly<Record<string, Value>>;

/* Longer, and the event loop would stand still; who is refused tries again after a while. */
const BUSY_MS = 5;
const SYNCHRONOUS = { normal: 1, full: 2 } as const;

export class Connection {
  readonly database: DatabaseSync;
  readonly isLent: boolean;
  readonly #statements = new Map<string, Prepared>();

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
    const { statement, order } = this.#prepared(sql);
    return statement.all(...inOrder(values, order)) as Row[];
  }

  row(sql: string, ...values: readonly Value[]): Row | undefined {
    const { statement, order } = this.#prepared(sql);
    return statement.get(...inOrder(values, order)) as Row | undefined;
  }

  /** Answers how many rows it changed, and the number of the last one that it added. */
  run(sql: string, ...values: readonly Value[]): { readonly changes: number; readonly added: number } {
    const { statement, order } = this.#prepared(sql);
    const { changes, lastInsertRowid } = statement.run(...inOrder(values, order));
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

  /* Node 22.13 takes `?1` for a name, so that numbered places become plain ones. */
  #prepared(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const order = [...sql.matchAll(/\?(\d+)/g)].map((match) => Number(match[1]) - 1);
    const statement = this.database.prepare(sql.replace(/\?\d+/g, "?"));
    const prepared = { statement, order: order.length > 0 ? order : undefined };
    this.#statements.set(sql, prepared);
    return prepared;
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

interface Prepared {
  readonly statement: StatementSync;
  /** Which value stands where, if places have numbers. */
  readonly order: readonly number[] | undefined;
}

function inOrder(values: readonly Value[], order: readonly number[] | undefined): readonly Value[] {
  return order === undefined ? values : order.map((at) => values[at]!);
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
