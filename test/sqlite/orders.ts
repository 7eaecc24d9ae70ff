/** A bus on SQLite beside a table of the application's own in the same file. */
import { DatabaseSync } from "node:sqlite";
import { createBus, Event, type Transport } from "signalbox";
import { sqlite, type SqliteOptions } from "signalbox/sqlite";
import { onTestFinished } from "vitest";
import { setup } from "./setup.js";

export class Followed extends Event("followed")<{ id: string }> {}

const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
export function nothing(): void {}

export function withOrders(options: Partial<SqliteOptions> = {}, more: Record<string, Transport> = {}) {
  const { file } = setup();
  const outside = new DatabaseSync(file);
  onTestFinished(() => outside.close());
  outside.exec("PRAGMA journal_mode = wal; CREATE TABLE orders (id TEXT UNIQUE)");
  const bus = createBus({
    transports: { default: sqlite({ path: file, ...options }), ...more },
    logger: SILENT,
  });
  onTestFinished(async () => void (await bus.close()));
  const followed: string[] = [];
  bus.on(Followed, { name: "follower" }, ({ id }) => void followed.push(id));
  const column = (sql: string) =>
    outside
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0]);
  const orders = () => column("SELECT id FROM orders");
  const left = () => column("SELECT count(*) FROM signalbox_deliveries")[0];
  return { file, bus, outside, followed, orders, left };
}

export const insert = (client: unknown, id: string) =>
  (client as DatabaseSync).prepare("INSERT INTO orders VALUES (?)").run(id);

/** The deliveries that the transaction sees. */
export const kept = (client: unknown) =>
  (client as DatabaseSync).prepare("SELECT count(*) AS n FROM signalbox_deliveries").get()!["n"];
