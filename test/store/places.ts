/** Where a store keeps what it has, a file of SQLite or a schema on a server, and the same tests for both. */
import { DatabaseSync } from "node:sqlite";
import { type Bus, createBus } from "signalbox";
import { postgres, type PostgresTransport } from "signalbox/postgres";
import { sqlite, type SqliteTransport } from "signalbox/sqlite";
import { describe, onTestFinished } from "vitest";
import { processRuntime } from "../../src/runtime/runtime.js";
import { Sleeper } from "../../src/testing/contract/sleeper.js";
import { noServer, setup as schemaSetup } from "../postgres/setup.js";
import { setup as fileSetup } from "../sqlite/setup.js";
import { opened, type Opened, SILENT } from "../support/kept-items.js";
import { url } from "../support/postgres-schemas.js";

export type StoreTransport = SqliteTransport | PostgresTransport;

/** A transport whose process can fall silent, as one that was killed or stands still. */
export interface OpenedProcess extends Opened<StoreTransport> {
  sleep(): void;
  wake(): void;
}

export interface Place {
  /** A transport on this place, not open. */
  transport(options?: { lease?: number }): StoreTransport;
  /** A bus on a transport of its own, not started. */
  bus(): Bus;
  /** A transport, opened, whose items are kept. */
  open(options?: { lease?: number }): Promise<OpenedProcess>;
  /** Of a process of its own: where it finds this place. */
  readonly orders: Readonly<Record<string, string>>;
  /** By hand, past every transport; `sql` is made with the names of tables. */
  query(sql: (table: (name: string) => string) => string): Promise<readonly Record<string, unknown>[]>;
}

/** The same tests for each kind of store; those of one that is not here are left out. */
export function describeStores(title: string, tests: (setup: () => Place) => void): void {
  describe(`${title}, on SQLite`, () => {
    tests(onFile);
  });
  const left = noServer === undefined ? "" : `: ${noServer}`;
  describe.skipIf(noServer !== undefined)(`${title}, on PostgreSQL${left}`, () => {
    tests(onServer);
  });
}

function onFile(): Place {
  const { file } = fileSetup();
  return placeOf({
    transport: (options = {}) => sqlite({ path: file, ...options }),
    orders: { file },
    query: async (sql) => {
      const database = new DatabaseSync(file);
      const rows = database.prepare(sql((name) => `signalbox_${name}`)).all();
      database.close();
      return rows;
    },
  });
}

function onServer(): Place {
  const { schema, pool } = schemaSetup();
  return placeOf({
    transport: (options = {}) => postgres({ url, schema, ...options }),
    orders: { url, schema },
    query: async (sql) => (await pool().query(sql((name) => `"${schema}".${name}`))).rows,
  });
}

function placeOf(parts: Pick<Place, "transport" | "orders" | "query">): Place {
  return {
    ...parts,
    bus: () => {
      const bus = createBus({ transport: parts.transport(), logger: SILENT });
      onTestFinished(async () => void (await bus.close()));
      return bus;
    },
    open: async (options) => {
      const sleeper = new Sleeper(processRuntime);
      const made = await opened(parts.transport(options).runOn(sleeper.runtime.host));
      onTestFinished(() => sleeper.wake());
      return Object.assign(made, { sleep: () => sleeper.sleep(), wake: () => sleeper.wake() });
    },
  };
}
