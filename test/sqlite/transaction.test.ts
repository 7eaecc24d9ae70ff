/** Transactions that SQLite begins: what the work writes, what it publishes, and the end of a delivery, together or not at all. */
import type { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { type Bus, BusClosedError, createBus, type SubscriptionOptions } from "signalbox";
import { deferred } from "../support/virtual.js";
import { Followed, insert, kept, nothing, withOrders } from "./orders.js";
import { group, Noted, open, setup, until, wire } from "./setup.js";

describe("bus.transaction", () => {
  test("commits what the client wrote together with what was published inside, and not before", async () => {
    const { bus, followed, orders } = withOrders();
    await bus.start();
    await bus.transaction(async (tx) => {
      insert(tx.client, "o-1");
      const receipt = await tx.publish(new Followed({ id: "o-1" }));
      await bus.publish(new Followed({ id: "o-2" }));
      await bus.transaction(async (inner) => expect(inner.client).toBe(tx.client));
      expect([receipt.held, followed, orders()]).toEqual([true, [], []]);
      expect(kept(tx.client)).toBe(2); // in the transaction, and not only promised for after it
    });
    expect(orders()).toEqual(["o-1"]);
    await until(() => followed.length === 2);
    expect(followed).toEqual(["o-1", "o-2"]);
  });

  test("leaves nothing of either where the work throws", async () => {
    const { bus, followed, orders, left } = withOrders();
    await bus.start();
    const work = bus.transaction(async (tx) => {
      insert(tx.client, "o-1");
      await tx.publish(new Followed({ id: "o-1" }));
      throw new RangeError("no");
    });
    await expect(work).rejects.toThrow(RangeError);
    expect([orders(), left()]).toEqual([[], 0]);
    await bus.publish(new Followed({ id: "o-2" }));
    await until(() => followed.length === 1);
    expect(followed).toEqual(["o-2"]);
  });

  test("leaves nothing where the commit fails, and rejects with what the database says", async () => {
    const { bus, outside, orders, left } = withOrders();
    outside.exec("CREATE TABLE lines (of TEXT REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED)");
    await bus.start();
    const work = bus.transaction(async (tx) => {
      (tx.client as DatabaseSync).exec("INSERT INTO lines VALUES ('nobody')");
      await tx.publish(new Followed({ id: "o-1" }));
    });
    await expect(work).rejects.toThrow(/FOREIGN KEY constraint failed/);
    expect([orders(), left()]).toEqual([[], 0]);
  });

  test("lets nothing else into it: what is published beside it waits, and is not rolled back with it", async () => {
    const { bus, followed } = withOrders();
    await bus.start();
    let beside: Promise<unknown> | undefined;
    const publishBeside = (): void => void (beside = bus.publish(new Followed({ id: "beside" })));
    const { promise: isOpen, resolve: opened } = deferred();
    const { promise: mayEnd, resolve: end } = deferred();
    const work = bus.transaction(async (tx) => {
      insert(tx.client, "o-1");
      opened();
      await mayEnd;
      throw new RangeError("no");
    });
    await isOpen;
    publishBeside();
    await new Promise((resolve) => setImmediate(resolve));
    expect(followed).toEqual([]);
    end();
    await expect(work).rejects.toThrow(RangeError);
    await beside;
    await until(() => followed.length === 1);
  });

  test("closes its client at its end, so that what is left of the work cannot write", async () => {
    const { bus, orders } = withOrders();
    await bus.start();
    const client = await bus.transaction(async (tx) => tx.client);
    expect(() => insert(client, "late")).toThrow(/not open/);
    expect(orders()).toEqual([]);
  });

  test("is rolled back by a close, and rejects", async () => {
    const { bus, orders } = withOrders();
    await bus.start();
    const { promise: isOpen, resolve: opened } = deferred();
    const { promise: mayEnd, resolve: end } = deferred();
    const work = bus.transaction(async (tx) => {
      insert(tx.client, "o-1");
      opened();
      await mayEnd;
    });
    work.catch(nothing);
    await isOpen;
    await bus.close();
    end();
    await expect(work).rejects.toBeInstanceOf(BusClosedError);
    expect(orders()).toEqual([]);
  });

  test("of the port, rolled back after a settlement, leaves the item out as before", async () => {
    const { file } = setup();
    const { transport, items } = await open({ path: file });
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    const first = await transport.begin();
    expect(await transport.settle(items[0]!, { kind: "done" }, { transaction: first.client })).toBe(
      "settled",
    );
    await first.rollBack();
    expect(await transport.settle(items[0]!, { kind: "done" })).toBe("settled");
  });
});

describe("a subscription with transaction: true", () => {
  async function handling(
    options: SubscriptionOptions<Noted>,
    handler: (event: Noted, delivery: { client: unknown; attempt: number }, bus: Bus) => unknown,
  ) {
    const made = withOrders();
    made.bus.on(Noted, { name: "a", transaction: true, ...options }, (event, delivery) =>
      handler(event, delivery, made.bus),
    );
    await made.bus.start();
    return made;
  }

  test("commits its effect, what it published and its end in one", async () => {
    const within: unknown[] = [];
    const { bus, orders, followed, left } = await handling({}, async ({ id }, { client }, on) => {
      insert(client, id);
      await on.publish(new Followed({ id }));
      within.push(kept(client));
    });
    await bus.publish(new Noted({ id: "o-1" }));
    await until(() => followed.length === 1 && left() === 0);
    expect([orders(), followed, within]).toEqual([["o-1"], ["o-1"], [2]]);
  });

  test("leaves nothing of an attempt that throws, and counts it", async () => {
    const attempts: number[] = [];
    const { bus, orders, followed, left } = await handling(
      { retry: { attempts: 2, delay: 1 } },
      async ({ id }, { client, attempt }, on) => {
        attempts.push(attempt);
        insert(client, id); // twice would break the unique column
        await on.publish(new Followed({ id: `${id} ${attempt}` }));
        if (attempt === 1) throw new RangeError("no");
      },
    );
    await bus.publish(new Noted({ id: "o-1" }));
    await until(() => followed.length === 1 && left() === 0);
    expect([attempts, orders(), followed]).toEqual([[1, 2], ["o-1"], ["o-1 2"]]);
  });

  test("counts a commit that fails as the failure of the attempt", async () => {
    const attempts: number[] = [];
    const { bus, outside, orders, left } = await handling(
      { retry: { attempts: 2, delay: 1 } },
      ({ id }, { client, attempt }) => {
        attempts.push(attempt);
        insert(client, id);
        if (attempt === 1) (client as DatabaseSync).exec("INSERT INTO lines VALUES ('nobody')");
      },
    );
    outside.exec("CREATE TABLE lines (of TEXT REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED)");
    await bus.publish(new Noted({ id: "o-1" }));
    await until(() => orders().length === 1 && left() === 0);
    expect(attempts).toEqual([1, 2]);
  });

  test("leaves nothing where the delivery is somebody else's by the time of its end", async () => {
    const lost: string[] = [];
    const { bus, orders, outside } = await handling({}, ({ id }, { client }) => {
      insert(client, id);
      (client as DatabaseSync).exec("UPDATE signalbox_deliveries SET deliveries = 9");
    });
    bus.notices.on("delivery.lost", ({ reason }) => void lost.push(String(reason)));
    await bus.publish(new Noted({ id: "o-1" }));
    await until(() => lost.length > 0);
    await bus.close();
    expect([lost[0], orders()]).toEqual(["lease", []]);
    expect(outside.prepare("SELECT failures FROM signalbox_deliveries").get()).toEqual({ failures: 0 });
  });

  test("runs ten at once in turn, and loses none", async () => {
    const { bus, orders, left } = await handling({}, async ({ id }, { client }) => {
      await new Promise((resolve) => setImmediate(resolve));
      insert(client, id);
    });
    await Promise.all(Array.from({ length: 30 }, (_, at) => bus.publish(new Noted({ id: `o-${at}` }))));
    await until(() => orders().length === 30 && left() === 0);
    expect(new Set(orders()).size).toBe(30);
  });

  test("is refused at start where the transport begins none, and delivery.client without it", async () => {
    const memory = createBus();
    memory.on(Noted, { name: "a", transaction: true }, nothing);
    await expect(memory.start()).rejects.toThrow(
      "a asks for a transaction, and gets noted by a transport that begins none.",
    );
    let says = "";
    const { bus } = await handling({ transaction: false }, (_, delivery) => {
      try {
        void delivery.client;
      } catch (error) {
        says = (error as Error).message;
      }
    });
    await bus.publish(new Noted({ id: "o-1" }));
    await until(() => says !== "");
    expect(says).toBe(
      "a has no delivery.client. Ask for a transaction: give the subscription `transaction: true`.",
    );
  });
});
