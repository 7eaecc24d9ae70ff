/** The tables: made once, by whoever comes first, and never touched by older code. */
import pg from "pg";
import { describe, expect, test } from "vitest";
import { createBus, StartError } from "signalbox";
import { plan, postgres } from "signalbox/postgres";
import { group, noServer, open, placed, setup, until, wire } from "./setup.js";

async function tablesOf(pool: pg.Pool, schema: string): Promise<string[]> {
  const sql = "SELECT indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY 1";
  const { rows } = await pool.query<{ indexdef: string }>(sql, [schema]);
  return rows.map(({ indexdef }) => indexdef.replaceAll(schema, "s"));
}

describe.skipIf(noServer !== undefined)("the schema on a server", () => {
  test("is what plan() prints", async () => {
    const { schema, pool, open: opened } = setup();
    const byHand = setup().schema;
    const server = pool();
    await server.query(plan({ schema: byHand }));
    await opened();
    expect(await tablesOf(server, schema)).toEqual(await tablesOf(server, byHand));
    expect((await tablesOf(server, schema)).length).toBeGreaterThan(15);
  });

  test("that was made by hand is used as it is", async () => {
    const { schema, pool, open: opened } = setup();
    await pool().query(plan({ schema }));
    const { transport, items } = await opened();
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    expect(await transport.store.groups()).toMatchObject([{ group: "reader", consumers: 1 }]);
  });

  test("is made once by eight transports that start at the same moment", async () => {
    const { schema, pool } = setup();
    await Promise.all(Array.from({ length: 8 }, () => open({ schema, connections: 4 })));
    const { rows } = await pool().query(`SELECT version FROM ${schema}.schema`);
    expect(rows).toEqual([{ version: 1 }]);
  });

  test("has nothing more to plan for a server that is up to date", () => {
    expect(plan({ after: 1 })).toBe("");
    expect(() => plan({ after: 2 })).toThrow(
      "Expected `plan.after` to be an integer from 0 to 1, got `2` (number).",
    );
    expect(() => plan({ schema: "pg_own" })).toThrow(/Expected `plan.schema` to be a name of at most 32/);
  });

  test("that is newer than the code is refused at start, and no connection stays", async () => {
    const { schema, pool, open: opened } = setup();
    await (await opened()).transport.close();
    const server = pool();
    await server.query(`UPDATE ${schema}.schema SET version = 7`);
    const bus = createBus({ transport: postgres(placed({ schema })) });
    const error = await bus.start().catch((each: unknown) => each as Error);
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toContain(
      `The tables beside ${schema}.schema have version 7, this program knows 1. Deploy the newer version`,
    );
    const ofIt = "SELECT 1 FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()";
    await until(async () => (await server.query(ofIt, [`%${schema}%`])).rowCount === 0); // the server ends them a moment later
  });

  test("two of them know nothing of each other", async () => {
    const [one, two] = [await setup().open(), await setup().open()];
    for (const { transport } of [one, two]) {
      await transport.declare(group("reader"));
      transport.credit("reader", 10);
    }
    await one.transport.send([wire("a")]);
    await until(() => one.items.length === 1);
    expect(await two.transport.store.groups()).toMatchObject([{ group: "reader", waiting: 0 }]);
    expect(two.items).toEqual([]);
  });
});

describe.skipIf(noServer !== undefined)("a server", () => {
  test.each([
    [
      "synchronous_commit",
      "synchronous_commit is off, which does not survive a power loss. Set `synchronous_commit = on`",
    ],
    ["default_transaction_read_only", "`default_transaction_read_only` is on. Set it to off"],
  ])("is refused at start where %s is less than what is declared", async (name, says) => {
    const { schema } = setup();
    const value = name === "synchronous_commit" ? "off" : "on";
    const url = `${placed({}).url!}?options=-c%20${name}%3D${value}`;
    await expect(createBus({ transport: postgres({ url, schema }) }).start()).rejects.toThrow(says);
  });

  test("may commit without its disk where only the loss of the process is to be survived", async () => {
    const { schema } = setup();
    const url = `${placed({}).url!}?options=-c%20synchronous_commit%3Doff`;
    const { transport } = await open({ url, schema, survives: "process" });
    expect(transport.features.survives).toBe("process");
  });
});
