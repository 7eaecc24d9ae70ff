/** A pool that the application lends: it is never closed, and transactions of its clients are joined. */
import { describe, expect, onTestFinished, test } from "vitest";
import { createBus } from "signalbox";
import { postgres } from "signalbox/postgres";
import { processRuntime } from "../../src/runtime/runtime.js";
import { Sleeper } from "../../src/testing/contract/sleeper.js";
import { opened } from "../support/kept-items.js";
import { poolOn } from "../support/postgres-schemas.js";
import { group, idOf, Noted, noServer, open, setup, until, wire } from "./setup.js";

async function withOrders() {
  const { schema, pool } = setup();
  const lent = pool();
  const bus = createBus({ transport: postgres({ pool: lent, schema }) });
  onTestFinished(async () => void (await bus.close()));
  const got: string[] = [];
  bus.on(Noted, { name: "reader" }, ({ id }) => void got.push(id));
  await bus.start();
  await lent.query(`CREATE TABLE ${schema}.orders (id text)`);
  const client = await lent.connect();
  onTestFinished(() => client.release());
  const orders = async () =>
    (await lent.query<{ id: string }>(`SELECT id FROM ${schema}.orders`)).rows.map(({ id }) => id);
  return { schema, pool, client, bus, got, orders };
}

describe.skipIf(noServer !== undefined)("a pool that was lent", () => {
  test("is open after the close, and nobody listens on it", async () => {
    const { schema, pool } = setup();
    const lent = pool("signalbox-lent");
    const { transport } = await open({ pool: lent, schema });
    await transport.send([wire("a")]);
    await transport.close();
    const { rows } = await lent.query("SELECT 1 AS one");
    expect(rows).toEqual([{ one: 1 }]);
    expect(lent.waitingCount).toBe(0);
    expect(lent.idleCount).toBe(lent.totalCount);
  });

  test("whose connections a pooler shares is used without prepared statements", async () => {
    const { schema, pool } = setup();
    const shared = pool();
    const names: (string | undefined)[] = [];
    const connect = async () => {
      const client = await shared.connect();
      await client.query("DEALLOCATE ALL"); // as if it were another one
      const { query } = Object.getPrototypeOf(client) as { query(asked: { name?: string }): Promise<never> };
      const watched = (asked: { name?: string }) => {
        names.push(asked.name);
        return query.call(client, asked);
      };
      return Object.assign(client, { query: watched });
    };
    const { transport, items } = await open({ pool: { connect }, schema });
    await transport.declare(group("reader"));
    transport.credit("reader", 10);
    const ids = ["a", "b", "c", "d"];
    for (const id of ids) expect(await transport.send([wire(id)])).toEqual(["accepted"]);
    await until(() => items.length === 4);
    expect(items.map(idOf)).toEqual(ids);
    expect(names.at(-1)).toBeUndefined();
    expect(names.some((name) => name?.startsWith("signalbox "))).toBe(true);
  });

  test("is asked nothing more by a group that was declared as the transport closed", async () => {
    const { schema, pool } = setup();
    const { transport } = await open({ pool: pool(), schema });
    const declared = transport.declare(group("late"));
    declared.catch(() => undefined);
    await transport.close();
    await expect(declared).rejects.toThrow("The transport was closed");
  });

  test("is refused where it has less than four connections", () => {
    const pool = poolOn(3);
    onTestFinished(() => pool.end());
    expect(() => postgres({ pool })).toThrow("to have 4 connections");
  });

  test("reads its own types as it likes", async () => {
    const { schema, pool } = setup();
    const lent = pool();
    const { transport, items } = await open({ pool: lent, schema });
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    const { rows } = await lent.query("SELECT 1::bigint AS big");
    expect(rows).toEqual([{ big: "1" }]); // as pg does by itself
  });
});

describe.skipIf(noServer !== undefined)("a publish within a transaction of a client", () => {
  test("arrives with the order that was committed", async () => {
    const { schema, client, bus, got, orders } = await withOrders();
    await client.query("BEGIN");
    await client.query(`INSERT INTO ${schema}.orders VALUES ('o-1')`);
    await bus.publish(new Noted({ id: "o-1" }), { transaction: client });
    await bus.publish(new Noted({ id: "o-2" })); // later, and not held up
    await until(() => got.length === 1);
    expect(got).toEqual(["o-2"]);
    await client.query("COMMIT");
    await until(() => got.length === 2);
    expect([got, await orders()]).toEqual([["o-2", "o-1"], ["o-1"]]);
  });

  test("is gone with the order that was rolled back", async () => {
    const { schema, client, bus, got, orders } = await withOrders();
    await client.query("BEGIN");
    await client.query(`INSERT INTO ${schema}.orders VALUES ('o-1')`);
    await bus.publish(new Noted({ id: "o-1" }), { transaction: client });
    await client.query("ROLLBACK");
    await bus.publish(new Noted({ id: "o-2" }));
    await until(() => got.length === 1);
    expect([got, await orders()]).toEqual([["o-2"], []]);
  });

  test("that reads what is over by now is refused as busy, rather than wait behind nobody", async () => {
    const { schema, pool } = setup();
    const lent = pool();
    const client = await lent.connect();
    onTestFinished(() => client.release());
    const { transport, items } = await open({ pool: lent, schema });
    await transport.declare(group("reader", { order: "key" }));
    transport.credit("reader", 10);
    await transport.send([wire("a", { key: "k" })]);
    await until(() => items.length === 1);
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await client.query(`SELECT count(*) FROM ${schema}.deliveries`); // from now on it sees that one
    await transport.settle(items[0]!, { kind: "done" });
    const sent = transport.send([wire("b", { key: "k" })], { transaction: client });
    await expect(sent).rejects.toMatchObject({ problem: "busy", cause: { code: "40001" } });
    await client.query("ROLLBACK");
    await transport.send([wire("b", { key: "k" })]);
    await until(() => items.length === 2);
  });

  test("needs a client, with a transaction open", async () => {
    const { client, bus } = await withOrders();
    const publish = (transaction: unknown) =>
      bus.publish(new Noted({ id: "o-2" }), { transaction: transaction as never });
    await expect(publish(client)).rejects.toThrow(/has none open/);
    await expect(publish({ prepare: "" })).rejects.toThrow(/Expected `transaction` to be a client of pg/);
  });

  test("of a settlement takes the effect and the end of the delivery together", async () => {
    const { schema, pool } = setup();
    const lent = pool();
    const client = await lent.connect();
    onTestFinished(() => client.release());
    const { transport, items } = await open({ pool: lent, schema, lease: 600, poll: 50 });
    await lent.query(`CREATE TABLE ${schema}.effects (id text)`);
    await transport.declare(group("reader"));
    transport.credit("reader", 10);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    await client.query("BEGIN");
    await client.query(`INSERT INTO ${schema}.effects VALUES ('a')`);
    expect(await transport.settle(items[0]!, { kind: "done" }, { transaction: client })).toBe("settled");
    await client.query("ROLLBACK");
    await until(() => items.length === 2); // neither of them
    await client.query("BEGIN");
    await client.query(`INSERT INTO ${schema}.effects VALUES ('a')`);
    await transport.settle(items[1]!, { kind: "done" }, { transaction: client });
    await client.query("COMMIT");
    expect((await lent.query(`SELECT id FROM ${schema}.effects`)).rows).toEqual([{ id: "a" }]);
    expect(await transport.store.groups()).toMatchObject([{ waiting: 0 }]);
    expect(items.map(idOf)).toEqual(["a", "a"]);
  });

  test.each(["closed", "fallen silent"])(
    "of a settlement that is rolled back when its process has %s gives the event to another",
    async (how) => {
      const { schema, pool } = setup();
      const lent = pool();
      const client = await lent.connect();
      onTestFinished(() => client.release());
      const sleeper = new Sleeper(processRuntime);
      const options = { pool: lent, schema, lease: 600, poll: 50 };
      const { transport, items } = await opened(postgres(options).runOn(sleeper.runtime.host));
      onTestFinished(() => sleeper.wake());
      await transport.declare(group("reader"));
      transport.credit("reader", 10);
      await transport.send([wire("a"), wire("b")]);
      await until(() => items.length === 2);
      await client.query("BEGIN");
      await transport.settle(items[0]!, { kind: "done" }, { transaction: client });
      if (how === "closed") await transport.close();
      else sleeper.sleep();
      const other = await open(options);
      await other.transport.declare(group("reader"));
      other.transport.credit("reader", 10);
      await until(() => other.items.length === 1);
      await client.query("ROLLBACK");
      await until(() => other.items.length === 2);
      expect(other.items.map(idOf)).toEqual(["b", "a"]);
    },
  );
});
