/** PostgreSQL as the harness sees it: a server of its own, which is killed, too. */
import pg from "pg";

import { postgresServer } from "../support/postgres-server.ts";

/** A server with an empty database. */
export async function postgresStore() {
  const server = await postgresServer();
  const values = (sql) => valuesOf(server.url, sql);
  return {
    orders: { url: server.url },
    victims: ["publisher", "consumer", "server"],
    heldBy: (names) =>
      values(
        `SELECT e.id AS value FROM signalbox.deliveries JOIN signalbox.envelopes e ON seq = envelope
          WHERE owner IN (SELECT consumer FROM signalbox.groups WHERE name IN (${names.map((name) => `'${name}'`)}))`,
      ),
    waiting: async () => Number((await values("SELECT count(*) AS value FROM signalbox.deliveries"))[0]),
    kill: () => server.kill(),
    start: () => server.start(),
    close: () => server.remove(),
  };
}

async function valuesOf(url, sql) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows.map(({ value }) => value);
  } finally {
    await client.end();
  }
}
