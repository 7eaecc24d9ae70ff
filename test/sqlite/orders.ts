/** A bus on SQLite beside a table of the application's own in the same file. */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createBus, type Transport } from "signalbox";
import { sqlite, type SqliteOptions } from "signalbox/sqlite";
import { onTestFinished } from "vitest";
import { Followed, type OrdersStore, SILENT } from "../stores/orders.js";
import { folder, setup } from "./setup.js";

export function withOrders(options: Partial<SqliteOptions> = {}, more: Record<string, Transport> = {}) {
  const { file } = setup();
  const outside = new DatabaseSync(file);
  onTestFinished(() => outside.close());
  outside.exec("PRAGMA journal_mode = wal; CREATE TABLE orders (id TEXT UNIQUE)");
  outside.exec("CREATE TABLE lines (of TEXT REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED)");
  const bus = createBus({
    transports: { default: sqlite({ path: file, ...options }), ...more },
    logger: SILENT,
  });
  onTestFinished(async () => void (await bus.close()));
  const followed: string[] = [];
  bus.on(Followed, { name: "follower" }, ({ id }) => void followed.push(id));
  const column = async (sql: string) =>
    outside
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0]);
  const orders = async () => (await column("SELECT id FROM orders")) as string[];
  const left = async () => (await column("SELECT count(*) FROM signalbox_deliveries"))[0] as number;
  const failures = async () => (await column("SELECT failures FROM signalbox_deliveries")) as number[];
  return { file, bus, outside, followed, orders, left, failures };
}

export const insert = (client: unknown, id: string) =>
  (client as DatabaseSync).prepare("INSERT INTO orders VALUES (?)").run(id);

const execute = async (client: unknown, sql: string): Promise<void> => (client as DatabaseSync).exec(sql);

export const sqliteOrders: OrdersStore = {
  withOrders: async (more) => ({ ...withOrders({}, more), ...within }),
  another: () => sqlite({ path: path.join(folder(), "other.db") }),
  open: () => setup().open(),
};

const within = {
  insert: async (client: unknown, id: string) => void insert(client, id),
  kept: async (client: unknown) =>
    (client as DatabaseSync).prepare("SELECT count(*) AS n FROM signalbox_deliveries").get()!["n"] as number,
  spoil: (client: unknown) => execute(client, "INSERT INTO lines VALUES ('nobody')"),
  steal: (client: unknown) => execute(client, "UPDATE signalbox_deliveries SET deliveries = 9"),
  refuseSends: (client: unknown) =>
    execute(
      client,
      "CREATE TEMP TRIGGER refuse BEFORE INSERT ON signalbox_deliveries BEGIN SELECT RAISE(ABORT, 'refused'); END",
    ),
};
