/** What runs for each event looks nothing up by going through a table, however much waits. */
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { group, open, setup, until, wire } from "./setup.js";

test("no statement of an event's way scans a table", async () => {
  const { file } = setup();
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = wal; PRAGMA synchronous = full");
  const prepare = vi.spyOn(database, "prepare");
  const { transport, items } = await open({ database, lease: 300 });
  await transport.declare(group("reader", { order: "key", inboxMs: 1_000 }));
  transport.credit("reader", 32);
  const now = Date.now();
  await transport.send([wire("a", { key: "k" }), wire("b", { key: "k" }), wire("c", { dueAt: now + 20 })]);
  await until(() => items.length === 2);
  const attempt = { attempt: 1, at: now, ranMs: 0, error: "Error: planted" };
  await transport.settle(items[0]!, { kind: "retry", afterMs: 5, attempt });
  await until(() => items.length === 3);
  await transport.settle(items[2]!, { kind: "done" });
  await until(() => items.length === 4);
  await transport.settle(items[3]!, { kind: "release" });
  await until(() => items.length === 5);
  await transport.settle(items[4]!, { kind: "deadLetter", reason: "planted" });
  await transport.settle(items[1]!, { kind: "drop", reason: "planted" });
  const sqls = [...new Set(prepare.mock.calls.map(([sql]) => sql))].filter((sql) => /signalbox_/.test(sql));
  expect(sqls.length).toBeGreaterThan(20);
  const scans = sqls.flatMap((sql) => planOf(database, sql).map((detail) => `${detail} | ${sql}`));
  await transport.close();
  database.close();
  // A row for each process, one for each event of a group, and what is written in the same turn.
  expect(
    scans.filter(
      (scan) =>
        !/SCAN (signalbox_(consumers|bindings|schema)|CONSTANT|(j|json_each) VIRTUAL TABLE|\(subquery)/.test(
          scan,
        ),
    ),
  ).toEqual([]);
});

function planOf(database: DatabaseSync, sql: string): string[] {
  const rows = database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...Array(sql.split("?").length - 1).fill(null));
  return rows.map(({ detail }) => String(detail)).filter((detail) => detail.startsWith("SCAN"));
}
