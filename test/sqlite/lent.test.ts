/** A connection that the application lends: its settings are checked, it is never closed, and transactions join it. */
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { createBus } from "signalbox";
import { sqlite } from "signalbox/sqlite";
import { group, idOf, Noted, open, setup, until, wire } from "./setup.js";

function lent(file: string, pragmas = "PRAGMA journal_mode = wal; PRAGMA synchronous = full"): DatabaseSync {
  const database = new DatabaseSync(file);
  onTestFinished(() => database.close());
  database.exec(pragmas);
  return database;
}

describe("a connection that was lent", () => {
  test("is open after the close, with its settings as they were", async () => {
    const { file } = setup();
    const database = lent(
      file,
      "PRAGMA journal_mode = wal; PRAGMA synchronous = extra; PRAGMA busy_timeout = 77",
    );
    const { transport } = await open({ database });
    await transport.send([wire("a")]);
    await transport.close();
    expect(database.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 3 });
    expect(database.prepare("PRAGMA busy_timeout").get()).toEqual({ timeout: 77 });
  });

  test.each([
    ["PRAGMA journal_mode = delete", "its journal mode is delete, not wal. Run `PRAGMA journal_mode = wal`"],
    [
      "PRAGMA journal_mode = wal; PRAGMA synchronous = normal",
      "synchronous is 1, which does not survive a power loss. Run `PRAGMA synchronous = full`",
    ],
  ])("is refused at start with %s", async (pragmas, says) => {
    const { file } = setup();
    const database = lent(file, pragmas);
    await expect(createBus({ transport: sqlite({ database }) }).start()).rejects.toThrow(says);
    expect(database.prepare("SELECT 1 AS one").get()).toEqual({ one: 1 });
  });

  test("may be less durable where that is what is asked for", async () => {
    const { file } = setup();
    const database = lent(file, "PRAGMA journal_mode = wal; PRAGMA synchronous = normal");
    const { transport } = await open({ database, synchronous: "normal" });
    expect(transport.features.survives).toBe("process");
  });

  test("is waited for while the application has a transaction of its own open", async () => {
    const { file } = setup();
    const database = lent(file);
    const { transport, items } = await open({ database });
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    database.exec("CREATE TABLE orders (id); BEGIN; INSERT INTO orders VALUES (1)");
    const sent = transport.send([wire("a")]);
    await new Promise((resolve) => setImmediate(resolve));
    database.exec("ROLLBACK");
    expect(await sent).toEqual(["accepted"]); // not rolled back with the order
    await until(() => items.length === 1);
    expect(database.prepare("SELECT count(*) AS n FROM orders").get()).toEqual({ n: 0 });
  });
});

describe("a publish within a transaction", () => {
  async function withOrders() {
    const { file } = setup();
    const database = lent(file);
    database.exec("CREATE TABLE orders (id TEXT)");
    const bus = createBus({ transport: sqlite({ database }) });
    onTestFinished(async () => void (await bus.close()));
    const got: string[] = [];
    bus.on(Noted, { name: "reader" }, ({ id }) => void got.push(id));
    await bus.start();
    const orders = () =>
      database
        .prepare("SELECT id FROM orders")
        .all()
        .map(({ id }) => id);
    return { file, database, bus, got, orders };
  }

  test("arrives with the order that was committed", async () => {
    const { database, bus, got, orders } = await withOrders();
    database.exec("BEGIN; INSERT INTO orders VALUES ('o-1')");
    await bus.publish(new Noted({ id: "o-1" }), { transaction: database });
    expect(got).toEqual([]);
    database.exec("COMMIT");
    await until(() => got.length === 1);
    expect([got, orders()]).toEqual([["o-1"], ["o-1"]]);
  });

  test("is gone with the order that was rolled back", async () => {
    const { database, bus, got, orders } = await withOrders();
    database.exec("BEGIN; INSERT INTO orders VALUES ('o-1')");
    await bus.publish(new Noted({ id: "o-1" }), { transaction: database });
    database.exec("ROLLBACK");
    await bus.publish(new Noted({ id: "o-2" }));
    await until(() => got.length === 1);
    expect([got, orders()]).toEqual([["o-2"], []]);
  });

  test("may be on another connection to the same file, and on no other database", async () => {
    const { file, bus, got } = await withOrders();
    const other = lent(file);
    other.exec("BEGIN IMMEDIATE");
    await bus.publish(new Noted({ id: "o-1" }), { transaction: other });
    other.exec("COMMIT");
    await until(() => got.length === 1);
    const stranger = lent(`${file}.other`);
    stranger.exec("BEGIN");
    const publish = (transaction: unknown) =>
      bus.publish(new Noted({ id: "o-2" }), { transaction: transaction as never });
    await expect(publish(stranger)).rejects.toThrow(/on another database/);
    await expect(publish(other)).rejects.toThrow(/has none open/);
    await expect(publish({ query: "" })).rejects.toThrow(/Expected `transaction` to be a DatabaseSync/);
  });

  test("of a settlement takes the effect and the end of the delivery together", async () => {
    const { file } = setup();
    const database = lent(file);
    database.exec("CREATE TABLE effects (id TEXT)");
    const { transport, items } = await open({ database, lease: 3_000 });
    await transport.declare(group("reader"));
    transport.credit("reader", 10);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    database.exec("BEGIN; INSERT INTO effects VALUES ('a')");
    expect(await transport.settle(items[0]!, { kind: "done" }, { transaction: database })).toBe("settled");
    database.exec("ROLLBACK");
    await until(() => items.length === 2); // neither of them
    database.exec("BEGIN; INSERT INTO effects VALUES ('a')");
    await transport.settle(items[1]!, { kind: "done" }, { transaction: database });
    database.exec("COMMIT");
    expect(database.prepare("SELECT count(*) AS n FROM effects").get()).toEqual({ n: 1 });
    expect(transport.store.groups()).toMatchObject([{ waiting: 0 }]);
    expect(items.map(idOf)).toEqual(["a", "a"]);
  });
});
