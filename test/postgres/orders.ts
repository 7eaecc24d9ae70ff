/** A bus on PostgreSQL beside a table of the application's own in the same schema. */
import type { PoolClient } from "pg";
import { createBus, type Transport } from "signalbox";
import { postgres, type PostgresOptions } from "signalbox/postgres";
import { onTestFinished } from "vitest";
import { Followed, type OrdersStore, SILENT } from "../stores/orders.js";
import { placed, setup } from "./setup.js";

export async function withOrders(
  options: Partial<PostgresOptions> = {},
  more: Record<string, Transport> = {},
) {
  const { schema, pool } = setup();
  const outside = pool();
  await outside.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.orders (id text UNIQUE);
    CREATE TABLE ${schema}.order_lines (of text REFERENCES ${schema}.orders (id) DEFERRABLE INITIALLY DEFERRED)`);
  const bus = createBus({
    transports: { default: postgres(placed({ schema, ...options })), ...more },
    logger: SILENT,
  });
  onTestFinished(async () => void (await bus.close()));
  const followed: string[] = [];
  bus.on(Followed, { name: "follower" }, ({ id }) => void followed.push(id));
  const column = async (sql: string) =>
    (await outside.query<{ value: unknown }>(sql)).rows.map(({ value }) => value);
  const orders = async () => (await column(`SELECT id AS value FROM ${schema}.orders`)) as string[];
  const left = async () =>
    (await column(`SELECT count(*)::int AS value FROM ${schema}.deliveries`))[0] as number;
  const failures = async () =>
    (await column(`SELECT failures AS value FROM ${schema}.deliveries`)) as number[];
  return { schema, bus, outside, followed, orders, left, failures, ...within(schema) };
}

export const postgresOrders: OrdersStore = {
  withOrders: (more) => withOrders({}, more),
  another: () => postgres(placed({ schema: setup().schema })),
  open: () => setup().open(),
};

/* What is done by the client of a transaction. */
function within(schema: string) {
  const execute = async (client: unknown, sql: string): Promise<void> =>
    void (await (client as PoolClient).query(sql));
  return {
    insert: (client: unknown, id: string) => execute(client, `INSERT INTO ${schema}.orders VALUES ('${id}')`),
    kept: async (client: unknown) => {
      const sql = `SELECT count(*)::int AS n FROM ${schema}.deliveries`;
      return (await (client as PoolClient).query<{ n: number }>(sql)).rows[0]!.n;
    },
    spoil: (client: unknown) => execute(client, `INSERT INTO ${schema}.order_lines VALUES ('nobody')`),
    steal: (client: unknown) => execute(client, `UPDATE ${schema}.deliveries SET deliveries = 9`),
    refuseSends: (client: unknown) =>
      execute(
        client,
        `CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END';
        CREATE TRIGGER refuse BEFORE INSERT ON ${schema}.deliveries FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()`,
      ),
  };
}
