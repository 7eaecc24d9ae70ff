/** Open transactions of others, which hold what ours need: nobody waits for them but those who must, and nobody for ever. */
import type { Pool, PoolClient } from "pg";
import { type Item, type WireEnvelope } from "signalbox";
import type { PostgresTransport } from "signalbox/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { group, idOf, noServer, open, setup, until, wire } from "./setup.js";

const SHORT = { lease: "2s", poll: 50 } as const;

/* A transaction of the application that has published these keys and stays open. */
async function holding(pool: Pool, transport: PostgresTransport, ...wires: readonly WireEnvelope[]) {
  const client: PoolClient = await pool.connect();
  await client.query("BEGIN");
  await transport.send(wires, { transaction: client });
  const end = async (how: "COMMIT" | "ROLLBACK"): Promise<void> => void (await client.query(how));
  onTestFinished(async () => {
    await end("ROLLBACK");
    client.release();
  });
  return { client, end };
}

async function withReader(options = {}) {
  const { schema, pool } = setup();
  const opened = await open({ schema, ...SHORT, ...options });
  await opened.transport.declare(group("reader", { order: "key" }));
  opened.transport.credit("reader", 100);
  return { ...opened, schema, pool: pool() };
}

const ids = (items: readonly Item[]): string[] => items.map(idOf);
const moment = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(noServer !== undefined)("a publish whose key an open transaction holds", () => {
  test("holds up no other publish, and comes after that transaction, in order", async () => {
    const { transport, items, pool } = await withReader();
    const { end } = await holding(pool, transport, wire("first", { key: "k" }));
    const behind = ["second", "third"].map((id) => transport.send([wire(id, { key: "k" })]));
    for (const id of ["a", "b", "c"]) await transport.send([wire(id, { key: id })]);
    await until(() => items.length === 3);
    expect(ids(items)).toEqual(["a", "b", "c"]);
    await end("COMMIT");
    await Promise.all(behind);
    for (let at = 3; at < 6; at++) {
      await until(() => items.length === at + 1);
      await transport.settle(items[at]!, { kind: "done" });
    }
    expect(ids(items.slice(3))).toEqual(["first", "second", "third"]);
  });

  test("is refused as busy after busyMax, and is not there", async () => {
    const { transport, items, pool } = await withReader({ busyMax: 400 });
    const { end } = await holding(pool, transport, wire("first", { key: "k" }));
    const refused = transport.send([wire("second", { key: "k" })]);
    await expect(refused).rejects.toMatchObject({ code: "SIGNALBOX_STORE", problem: "busy" });
    await end("COMMIT");
    await until(() => items.length === 1);
    await transport.send([wire("third", { key: "k" })]);
    await transport.settle(items[0]!, { kind: "done" });
    await until(() => items.length === 2);
    expect(ids(items)).toEqual(["first", "third"]);
  });

  test("ends when its signal aborts", async () => {
    const { transport, pool } = await withReader();
    await holding(pool, transport, wire("first", { key: "k" }));
    const stop = new AbortController();
    const refused = transport.send([wire("second", { key: "k" })], { signal: stop.signal });
    refused.catch(() => undefined);
    await moment(500);
    stop.abort(new RangeError("enough"));
    await expect(refused).rejects.toThrow("enough");
  });

  test("does not keep the transport from closing", async () => {
    const { transport, pool } = await withReader();
    await holding(pool, transport, wire("first", { key: "k" }));
    const left = transport.send([wire("second", { key: "k" })]);
    left.catch(() => undefined);
    await moment(50);
    const since = performance.now();
    await transport.close();
    await expect(left).rejects.toThrow("The transport was closed before it could write.");
    expect(performance.now() - since).toBeLessThan(3_000);
  });
});

/* A transaction of others that has locked rows of a table until the test has ended. */
async function locking(pool: Pool, table: string) {
  const client: PoolClient = await pool.connect();
  onTestFinished(async () => {
    await client.query("ROLLBACK");
    client.release();
  });
  await client.query("BEGIN");
  await client.query(`SELECT 1 FROM ${table} FOR UPDATE`);
}

describe.skipIf(noServer !== undefined)(
  "a publish without a key whose group an open transaction holds",
  () => {
    test.each([0, "2m"])(
      "is refused as busy after busyMax, with a dedupeWindow of %s",
      async (dedupeWindow) => {
        const options = { dedupeWindow, busyMax: 400, answerMax: "2s" };
        const { transport, schema, pool, states } = await withReader(options);
        await locking(pool, `${schema}.groups`);
        await expect(transport.send([wire("a")])).rejects.toMatchObject({ problem: "busy" });
        expect(states).toEqual([]);
      },
    );
  },
);

describe.skipIf(noServer !== undefined)("a taking whose consumer an open transaction holds", () => {
  test.each(["its own", "a lent"])("waits by short attempts over connections of %s pool", async (whose) => {
    const { schema, pool } = setup();
    const lent = pool();
    const place = whose === "a lent" ? { pool: lent } : {};
    const { transport, items, states } = await open({
      schema,
      lease: "1m",
      poll: 50,
      answerMax: 600,
      ...place,
    });
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    await locking(lent, `${schema}.consumers`);
    transport.credit("reader", 1);
    await transport.send([wire("b")]);
    await moment(1_500); // an answer would have been due long ago
    expect(states).toEqual([]);
  });
});

describe.skipIf(noServer !== undefined)("a settlement whose key an open transaction holds", () => {
  test("holds up no other, nor the lease, and is written after that transaction", async () => {
    const { transport, items, lost, pool, schema } = await withReader();
    await transport.send([wire("a", { key: "k" }), wire("b", { key: "other" })]);
    await until(() => items.length === 2);
    const { end } = await holding(pool, transport, wire("c", { key: "k" }));
    const [first, second] = items.map((item) => transport.settle(item, { kind: "done" }));
    expect(await second).toBe("settled");
    const other = await open({ schema, ...SHORT });
    await other.transport.declare(group("reader", { order: "key" }));
    other.transport.credit("reader", 100);
    await moment(3_000); // a lease and a sweep
    expect([lost, ids(other.items)]).toEqual([[], []]);
    await end("COMMIT");
    expect(await first).toBe("settled");
    await until(() => items.length + other.items.length === 3);
  });

  test("that is rolled back after its consumer has gone comes again", async () => {
    const { transport, items, pool, schema } = await withReader({ lease: 300 });
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    const { client, end } = await holding(pool, transport, wire("b", { key: "k" }));
    await transport.settle(items[0]!, { kind: "done" }, { transaction: client });
    const other = await open({ schema, lease: 300, poll: 50 });
    await other.transport.declare(group("reader", { order: "key" }));
    await transport.close();
    await moment(900); // whoever looks after the silent has looked
    await end("ROLLBACK");
    other.transport.credit("reader", 100);
    await until(() => other.items.length === 1);
    expect(ids(other.items)).toEqual(["a"]);
  });
});

describe.skipIf(noServer !== undefined)("what is due while an open transaction holds its key", () => {
  test("holds up nothing else that is due, nor settlements, and comes after that transaction", async () => {
    const { transport, items, pool } = await withReader();
    await transport.send([wire("now", { key: "n" })]);
    await until(() => items.length === 1);
    const dueAt = Date.now() + 300;
    await transport.send([wire("late", { key: "k", dueAt }), wire("free", { key: "f", dueAt })]);
    const { end } = await holding(pool, transport, wire("first", { key: "k" }));
    await until(() => items.length === 2);
    expect(await transport.settle(items[0]!, { kind: "done" })).toBe("settled");
    expect(ids(items)).toEqual(["now", "free"]);
    await end("COMMIT");
    await until(() => items.length === 3);
    await transport.settle(items[2]!, { kind: "done" });
    await until(() => items.length === 4);
    expect(ids(items.slice(2))).toEqual(["first", "late"]);
  });
});
