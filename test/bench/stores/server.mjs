// The PostgreSQL server of a run: SIGNALBOX_BENCH_POSTGRES, or the one of this machine. Every sample has a schema of its own.
import { env } from "node:process";

import pg from "pg";

export const url = env.SIGNALBOX_BENCH_POSTGRES ?? "postgres://postgres@127.0.0.1:5432/test";

const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 2_000 });

export async function hasServer() {
  try {
    await pool.query("SELECT 1");
    return true;
  } catch {
    return false;
  }
}

export async function countOf(sql) {
  const { rows } = await pool.query(sql);
  return Number(rows[0].count);
}

export async function dropSchemas(...schemas) {
  await pool.query(`SET client_min_messages = error; DROP SCHEMA IF EXISTS ${schemas.join(", ")} CASCADE`);
}
