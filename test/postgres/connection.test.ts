/** What the transport changes about the connections that it uses. */
import type { PoolClient } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { Database } from "../../src/postgres/connection.js";
import { poolOn } from "../support/postgres-schemas.js";
import { noServer } from "./setup.js";

/* Connections of its own, each of which has been told a process that is so far from the true one. */
function ownDatabase(off: number) {
  const pool = poolOn(1);
  onTestFinished(() => pool.end());
  const connect = async () => {
    const client = (await pool.connect()) as PoolClient & { processID: number };
    return Object.assign(client, { processID: client.processID + off });
  };
  return new Database({ connect }, undefined, () => Promise.resolve());
}

async function modeOf(database: Database): Promise<unknown> {
  const row = await database.use((db) => db.row("SHOW plan_cache_mode"));
  return row?.["plan_cache_mode"];
}

describe.skipIf(noServer !== undefined)("plans", () => {
  test("stay on a connection of its own", async () => {
    expect(await modeOf(ownDatabase(0))).toBe("force_generic_plan");
  });

  test("are left to the server behind a pooler, which shares the connection", async () => {
    expect(await modeOf(ownDatabase(1))).toBe("auto");
  });
});
