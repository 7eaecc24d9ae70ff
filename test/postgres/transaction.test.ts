/** Transactions that PostgreSQL begins: what all stores promise, side by side, with a client that is the work's until their end. */
import type { PoolClient } from "pg";
import type { Delivery } from "signalbox";
import { postgres, type PostgresOptions } from "signalbox/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { deferred } from "../support/virtual.js";
import { Followed, withOrders as withOrdersOn } from "../store/orders.js";
import { onServer } from "../store/places.js";
import { Noted, noServer, open, placed, setup, until, wire } from "./setup.js";

/* A bus on a transport of these options. */
async function withOrders(options: PostgresOptions = {}) {
  const place = onServer();
  const schema = place.orders["schema"]!;
  const made = await withOrdersOn(place, { transport: postgres(placed({ schema, ...options })) });
  return { ...made, place, schema };
}

const clientOf = ({ client }: { client: unknown }): PoolClient => client as PoolClient;

describe.skipIf(noServer !== undefined)("transactions on a server", () => {
  test("are side by side, as many as `transactions` says, and the next begins when one has ended", async () => {
    const { bus } = await withOrders({ transactions: 2 });
    await bus.start();
    const ends = [deferred(), deferred(), deferred()];
    const begun: number[] = [];
    const works = ends.map((end, at) =>
      bus.transaction(async () => {
        begun.push(at);
        await end.promise;
      }),
    );
    await until(() => begun.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(new Set(begun)).toEqual(new Set([0, 1]));
    ends[1]!.resolve();
    await until(() => begun.length === 3);
    for (const { resolve } of ends) resolve();
    await Promise.all(works);
  });

  test("that find no place within busyMax are refused, and told which option says so", async () => {
    const { bus } = await withOrders({ transactions: 1, busyMax: 50 });
    await bus.start();
    const [isOpen, end] = [deferred(), deferred()];
    const first = bus.transaction(async () => {
      isOpen.resolve();
      await end.promise;
    });
    await isOpen.promise;
    await expect(bus.transaction(async () => undefined)).rejects.toThrow(/as `transactions` allows/);
    end.resolve();
    await first;
    await bus.transaction(async () => undefined);
  });

  test("leave the transport its own connections: it publishes and settles while all of them are open", async () => {
    const { bus, followed, left } = await withOrders({ transactions: 4, connections: 4 });
    await bus.start();
    const [isOpen, end] = [deferred(), deferred()];
    let open = 0;
    const works = Array.from({ length: 4 }, () =>
      bus.transaction(async () => {
        if (++open === 4) isOpen.resolve();
        await end.promise;
      }),
    );
    await isOpen.promise;
    await bus.publish(new Followed({ id: "beside" }));
    await until(() => followed.length === 1);
    await until(async () => (await left()) === 0);
    expect(followed).toEqual(["beside"]);
    end.resolve();
    await Promise.all(works);
  });

  test("of a pool that is lent leave it four connections, and are refused where they would not", async () => {
    const { schema, pool } = setup(); // a pool of ten
    const lent = pool();
    const { transport } = await open({ pool: lent, schema });
    const six = await Promise.all(Array.from({ length: 6 }, () => transport.begin()));
    const seventh = transport.begin();
    await transport.send([wire("beside")]);
    await six[0]!.rollBack();
    await (await seventh).rollBack();
    for (const each of six) await each.rollBack();
    expect(() => postgres({ pool: lent, schema, transactions: 7 })).toThrow(
      "Expected `postgres.pool` to have 11 connections, four and one for each of `transactions`, got 10.",
    );
  });

  test("have the isolation of the server, and a limit for locks that the work may change", async () => {
    const { bus, place } = await withOrders({ busyMax: "7s" });
    await bus.start();
    const shown = await bus.transaction(async (tx) => {
      const show = async (name: string) =>
        Object.values((await clientOf(tx).query<Record<string, string>>(`SHOW ${name}`)).rows[0]!)[0];
      const before = [await show("transaction_isolation"), await show("lock_timeout")];
      await clientOf(tx).query("SET LOCAL lock_timeout = '3s'");
      return [...before, await show("lock_timeout"), await show("tcp_keepalives_idle")];
    });
    const [row] = await place.query(() => "SELECT current_setting('default_transaction_isolation') AS level");
    expect(shown).toEqual([row!["level"], "7s", "3s", "10"]);
  });

  test("tell other processes when they are committed, and not before", async () => {
    const { schema, pool } = setup();
    const { transport } = await open({ schema });
    const other = await pool().connect();
    onTestFinished(() => other.release());
    let told = 0;
    other.on("notification", () => void told++);
    await other.query(`LISTEN "${schema}"`);
    const begun = await transport.begin();
    await transport.send([wire("a")], { transaction: begun.client });
    await other.query("SELECT 1"); // whatever was told is here with its answer
    expect(told).toBe(0);
    await begun.commit();
    await until(() => told > 0);
  });

  test("make an id known from the commit on, for the window and no longer", async () => {
    const { transport } = await setup().open({ dedupeWindow: 300 });
    const failed = await transport.begin();
    await transport.send([wire("a")], { transaction: failed.client });
    await failed.rollBack();
    const good = await transport.begin();
    expect(await transport.send([wire("a")], { transaction: good.client })).toEqual(["accepted"]);
    await good.commit();
    expect(await transport.send([wire("a")])).toEqual(["duplicate"]);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(await transport.send([wire("a")])).toEqual(["accepted"]);
  });

  test("that wait for their turn are refused by the close, and those that are open rolled back", async () => {
    const { schema } = setup();
    const { transport } = await open({ schema, transactions: 1 });
    const first = await transport.begin();
    const second = transport.begin();
    second.catch(nothing);
    await transport.close();
    await expect(second).rejects.toThrow(/closed before the transaction could begin/);
    await expect(first.commit()).rejects.toThrow(/The transaction has ended/);
  });
});

describe.skipIf(noServer !== undefined)("the client of a transaction", () => {
  test("takes no query after the end, whoever has its connection by then", async () => {
    const { bus, orders, insert } = await withOrders({ transactions: 1 });
    await bus.start();
    const client = await bus.transaction(async (tx) => clientOf(tx));
    await bus.transaction(async (tx) => {
      await insert(tx.client, "o-2");
      await expect(insert(client, "late")).rejects.toThrow(/used after the end of its transaction/);
      const told = new Promise((resolve) => client.query("SELECT 1", resolve));
      expect(await told).toBeInstanceOf(TypeError);
    });
    expect(await orders()).toEqual(["o-2"]);
  });

  test("is neither released nor ended by the work", async () => {
    const { bus, orders, insert } = await withOrders();
    await bus.start();
    for (const end of ["release", "end"] as const) {
      const work = bus.transaction(async (tx) => {
        await insert(tx.client, "o-1");
        void clientOf(tx)[end]();
      });
      await expect(work).rejects.toThrow("Leave release() and end() to it.");
    }
    expect(await orders()).toEqual([]);
  });

  test("commits what the work has asked for, though it has not awaited that", async () => {
    const { bus, orders, insert } = await withOrders();
    await bus.start();
    await bus.transaction(async (tx) => void insert(tx.client, "o-1"));
    expect(await orders()).toEqual(["o-1"]);
  });

  test("commits nothing after a statement has failed, though the work catches the error", async () => {
    const { bus, orders, left, insert } = await withOrders();
    await bus.start();
    const work = bus.transaction(async (tx) => {
      await insert(tx.client, "o-1");
      await tx.publish(new Followed({ id: "o-1" }));
      await clientOf(tx).query("SELECT nothing").catch(nothing);
    });
    await expect(work).rejects.toThrow(/A statement of the work has failed/);
    expect([await orders(), await left()]).toEqual([[], 0]);
  });

  test("keeps what was before a SAVEPOINT that the work rolls back to", async () => {
    const { bus, orders, insert } = await withOrders();
    await bus.start();
    await bus.transaction(async (tx) => {
      await insert(tx.client, "o-1");
      await clientOf(tx).query("SAVEPOINT mine");
      await clientOf(tx).query("SELECT nothing").catch(nothing);
      await clientOf(tx).query("ROLLBACK TO SAVEPOINT mine");
    });
    expect(await orders()).toEqual(["o-1"]);
  });

  test.each(["ROLLBACK", "COMMIT", "COMMIT; BEGIN"])(
    "does not hide that the work has ended the transaction by itself: %s",
    async (sql) => {
      const { bus } = await withOrders();
      await bus.start();
      const work = bus.transaction(async (tx) => void (await clientOf(tx).query(sql)));
      await expect(work).rejects.toThrow(/The work has ended the transaction by itself/);
    },
  );

  test("is cut off where the work leaves something running that does not end", async () => {
    const { bus, orders, insert } = await withOrders({ transactions: 1 });
    await bus.start();
    const work = bus.transaction(async (tx) => {
      await insert(tx.client, "o-1");
      clientOf(tx).query("SELECT pg_sleep(600)").catch(nothing);
      throw new RangeError("no");
    });
    await expect(work).rejects.toThrow(RangeError);
    await bus.transaction(async (tx) => insert(tx.client, "o-1")); // nobody has a lock on it any more
    expect(await orders()).toEqual(["o-1"]);
  });
});

describe.skipIf(noServer !== undefined)("two transactions that get in each other's way", () => {
  const SERIALIZABLE = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";

  /* Each reads what the other writes; both may go on to their commit. */
  function crossing() {
    const seen: (() => void)[] = [];
    return async (client: PoolClient, schema: string, id: string): Promise<void> => {
      await client.query(`SELECT count(*) FROM ${schema}.orders`);
      await client.query(`INSERT INTO ${schema}.orders VALUES ($1)`, [id]);
      await new Promise<void>((resolve) => {
        seen.push(resolve);
        if (seen.length === 2) for (const go of seen) go();
        if (seen.length > 2) resolve();
      });
    };
  }

  test("are refused one of them, as busy, with the server's code in its cause", async () => {
    const { bus, schema, orders } = await withOrders();
    await bus.start();
    const cross = crossing();
    const works = ["o-1", "o-2"].map((id) =>
      bus.transaction(async (tx) => {
        await clientOf(tx).query(SERIALIZABLE);
        await cross(clientOf(tx), schema, id);
      }),
    );
    const failed = (await Promise.allSettled(works)).filter(({ status }) => status === "rejected");
    expect(failed).toMatchObject([
      { reason: { code: "SIGNALBOX_STORE", problem: "busy", cause: { code: "40001" } } },
    ]);
    expect((await orders()).length).toBe(1);
  });

  test("fail an attempt, which is retried as its subscription says", async () => {
    const { bus, schema, orders, left } = await withOrders();
    const cross = crossing();
    const attempts: number[] = [];
    const handler = async ({ id }: Noted, delivery: Delivery): Promise<void> => {
      attempts.push(delivery.attempt);
      await clientOf(delivery).query(SERIALIZABLE);
      await cross(clientOf(delivery), schema, id);
    };
    bus.on(Noted, { name: "a", transaction: true, retry: { attempts: 5, delay: 1 } }, handler);
    await bus.start();
    await bus.publish([new Noted({ id: "o-1" }), new Noted({ id: "o-2" })]);
    await until(async () => (await orders()).length === 2 && (await left()) === 0);
    expect(attempts.toSorted((a, b) => a - b)).toEqual([1, 1, 2]);
  });
});

function nothing(): void {}
