// The limit: a table that grows. What comes within a turn of the event loop, or while the server writes, is one INSERT.
import pg from "pg";

import { countOf, hasServer, url } from "./server.mjs";

export const name = "raw table";
export const isLimit = true;
export const canOpen = hasServer;

/** Nothing is taken from it and nothing settled: the handler is called when the server has the event. */
export async function open({ schema }, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${schema}.raw (id bigserial PRIMARY KEY, data text NOT NULL)`,
  );
  const insert = {
    name: "insert",
    text: `INSERT INTO ${schema}.raw (data) SELECT * FROM unnest($1::text[])`,
  };
  let waiting = [];
  let isWriting = false;

  async function flush() {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await client.query({ ...insert, values: [batch.map(({ data }) => JSON.stringify(data))] });
      for (const { data, resolve } of batch) {
        void work?.handler(data);
        resolve();
      }
    }
    isWriting = false;
  }

  function publish(data) {
    return new Promise((resolve) => {
      waiting.push({ data, resolve });
      if (isWriting) return;
      isWriting = true;
      setImmediate(() => void flush());
    });
  }

  return {
    publish,
    publishAll: (all) => Promise.all(all.map(publish)),
    unsettled: () => (work === undefined ? countOf(`SELECT count(*) FROM ${schema}.raw`) : 0),
    close: () => client.end(),
  };
}
