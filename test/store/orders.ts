/** A bus on a store, beside a table of the application's own in the same database. */
import type { DatabaseSync } from "node:sqlite";
import type { PoolClient } from "pg";
import { type Bus, createBus, Event, type Transport } from "signalbox";
import { onTestFinished } from "vitest";
import { SILENT } from "../support/kept-items.js";
import type { Place } from "./places.js";

export class Followed extends Event("followed")<{ id: string }> {}

export interface Orders {
  /** Not started; it notes what is `Followed`. */
  readonly bus: Bus;
  readonly followed: string[];
  orders(): Promise<unknown[]>;
  /** How many deliveries there are, for whoever looks from outside. */
  left(): Promise<unknown>;
  /** How often what is there has failed. */
  failures(): Promise<unknown[]>;
  /** What follows is done by the client of a transaction. */
  insert(client: unknown, id: string): Promise<void>;
  /** How many deliveries the transaction sees. */
  kept(client: unknown): Promise<unknown>;
  /** Writes what the commit will refuse. */
  spoil(client: unknown): Promise<void>;
  /** Makes every delivery somebody else's. */
  steal(client: unknown): Promise<void>;
  /** Has the store refuse what is sent, by the word "refused". */
  refuseSends(client: unknown): Promise<void>;
}

export async function withOrders(
  place: Place,
  {
    transport = place.transport(),
    more = {},
  }: { transport?: Transport; more?: Record<string, Transport> } = {},
): Promise<Orders> {
  await (await place.open()).transport.close(); // the tables of the transport are there
  await place.query((table) => `CREATE TABLE ${table("orders")} (id text UNIQUE)`);
  const owner = `REFERENCES ${place.name("orders")} (id) DEFERRABLE INITIALLY DEFERRED`;
  await place.query((table) => `CREATE TABLE ${table("order_lines")} (owner text ${owner})`);
  const bus = createBus({ transports: { default: transport, ...more }, logger: SILENT });
  onTestFinished(async () => void (await bus.close()));
  const followed: string[] = [];
  bus.on(Followed, { name: "follower" }, ({ id }) => void followed.push(id));
  const column = async (what: string, from: string) =>
    (await place.query((table) => `SELECT ${what} AS value FROM ${table(from)}`)).map(({ value }) => value);
  return {
    bus,
    followed,
    orders: () => column("id", "orders"),
    left: async () => Number((await column("count(*)", "deliveries"))[0]),
    failures: () => column("failures", "deliveries"),
    ...within(place),
  };
}

function within({ name }: Place): Omit<Orders, "bus" | "followed" | "orders" | "left" | "failures"> {
  return {
    insert: (client, id) => execute(client, `INSERT INTO ${name("orders")} VALUES ('${id}')`),
    kept: async (client) => {
      const sql = `SELECT count(*) AS n FROM ${name("deliveries")}`;
      const [row] = isOfFile(client)
        ? client.prepare(sql).all()
        : (await (client as PoolClient).query<{ n: string }>(sql)).rows;
      return Number(row!["n"]);
    },
    spoil: (client) => execute(client, `INSERT INTO ${name("order_lines")} VALUES ('nobody')`),
    steal: (client) => execute(client, `UPDATE ${name("deliveries")} SET deliveries = 9`),
    refuseSends: (client) => {
      const before = `TRIGGER refuse BEFORE INSERT ON ${name("deliveries")}`;
      if (isOfFile(client))
        return execute(client, `CREATE TEMP ${before} BEGIN SELECT RAISE(ABORT, 'refused'); END`);
      const says = "'BEGIN RAISE EXCEPTION ''refused''; END'";
      return execute(
        client,
        `CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS ${says};
        CREATE ${before} FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()`,
      );
    },
  };
}

async function execute(client: unknown, sql: string): Promise<void> {
  if (isOfFile(client)) client.exec(sql);
  else await (client as PoolClient).query(sql);
}

function isOfFile(client: unknown): client is DatabaseSync {
  return typeof (client as DatabaseSync).exec === "function";
}
