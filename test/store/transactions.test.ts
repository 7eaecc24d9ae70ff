/** What is promised of transactions, whatever store begins them: what the work writes, what it publishes, and the end of a delivery, together or not at all. */
import { BusClosedError, createBus, type Delivery, Event, memory, type SubscriptionOptions } from "signalbox";
import { expect, test } from "vitest";
import { deferred } from "../support/virtual.js";
import { group, Noted, until, wire } from "../support/kept-items.js";
import { Followed, type Orders, withOrders } from "./orders.js";
import { describeStores, type Place } from "./places.js";

class Elsewhere extends Event("elsewhere", { transport: "other" })<{ id: string }> {}
class Told extends Event("told", { transport: "memory" })<{ id: string }> {}

describeStores("bus.transaction", ofTheBus);
describeStores("bus.transaction beside other transports", besideOthers);
describeStores("a subscription with transaction: true", ofDeliveries);
describeStores("an attempt with transaction: true", ofAttempts);

function ofTheBus(setup: () => Place): void {
  test("commits what the client wrote together with what was published inside, and not before", async () => {
    const { bus, followed, orders, insert, kept } = await withOrders(setup());
    await bus.start();
    await bus.transaction(async (tx) => {
      await insert(tx.client, "o-1");
      const receipt = await tx.publish(new Followed({ id: "o-1" }));
      await bus.publish(new Followed({ id: "o-2" }));
      await bus.transaction(async (inner) => expect(inner.client).toBe(tx.client));
      expect([receipt.held, followed, await orders()]).toEqual([true, [], []]);
      expect(await kept(tx.client)).toBe(2); // in the transaction, and not only promised for after it
    });
    expect(await orders()).toEqual(["o-1"]);
    await until(() => followed.length === 2);
    expect(followed.toSorted()).toEqual(["o-1", "o-2"]);
  });

  test("leaves nothing of either where the work throws", async () => {
    const { bus, followed, orders, left, insert } = await withOrders(setup());
    await bus.start();
    const work = bus.transaction(async (tx) => {
      await insert(tx.client, "o-1");
      await tx.publish(new Followed({ id: "o-1" }));
      throw new RangeError("no");
    });
    await expect(work).rejects.toThrow(RangeError);
    expect([await orders(), await left()]).toEqual([[], 0]);
    await bus.publish(new Followed({ id: "o-2" }));
    await until(() => followed.length === 1);
    expect(followed).toEqual(["o-2"]);
  });

  test("leaves nothing where the commit fails, and rejects with what the database says", async () => {
    const { bus, orders, left, spoil } = await withOrders(setup());
    await bus.start();
    const work = bus.transaction(async (tx) => {
      await spoil(tx.client);
      await tx.publish(new Followed({ id: "o-1" }));
    });
    await expect(work).rejects.toThrow(/foreign key constraint/i);
    expect([await orders(), await left()]).toEqual([[], 0]);
  });

  test("is rolled back by a close, and rejects", async () => {
    const { bus, orders, insert } = await withOrders(setup());
    await bus.start();
    const [isOpen, mayEnd] = [deferred(), deferred()];
    const work = bus.transaction(async (tx) => {
      await insert(tx.client, "o-1");
      isOpen.resolve();
      await mayEnd.promise;
    });
    work.catch(nothing);
    await isOpen.promise;
    await bus.close();
    mayEnd.resolve();
    await expect(work).rejects.toBeInstanceOf(BusClosedError);
    expect(await orders()).toEqual([]);
  });

  test("of the port, rolled back after a settlement, leaves the item out as before", async () => {
    const { transport, items } = await setup().open();
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    const first = await transport.begin();
    const within = { transaction: first.client };
    expect(await transport.settle(items[0]!, { kind: "done" }, within)).toBe("settled");
    await first.rollBack();
    expect(await transport.settle(items[0]!, { kind: "done" })).toBe("settled");
  });
}

function besideOthers(setup: () => Place): void {
  test("refuses what another store carries, and is rolled back where that is not caught", async () => {
    const { bus, orders, insert } = await withOrders(setup(), { more: { other: setup().transport() } });
    const elsewhere: string[] = [];
    bus.on(Elsewhere, { name: "elsewhere" }, ({ id }) => void elsewhere.push(id));
    await bus.start();
    const place = (id: string) =>
      bus.transaction(
        async (tx) => {
          await insert(tx.client, id);
          await tx.publish(new Elsewhere({ id }));
        },
        { transport: "default" },
      );
    await expect(place("o-1")).rejects.toThrow(
      "Transport other stores events, and cannot join a transaction that was begun on transport default.",
    );
    expect(await orders()).toEqual([]);
    await bus.publish(new Elsewhere({ id: "o-2" }));
    await until(() => elsewhere.length > 0);
    expect(elsewhere).toEqual(["o-2"]);
  });

  test("places what stays in memory after the commit, and nothing of it where the work throws", async () => {
    const { bus, orders, insert } = await withOrders(setup(), { more: { memory: memory() } });
    const told: unknown[] = [];
    bus.on(Told, { name: "told" }, async ({ id }) => void told.push([id, await orders()]));
    await bus.start();
    const place = (id: string, fails: boolean) =>
      bus.transaction(async (tx) => {
        await insert(tx.client, id);
        await tx.publish(new Told({ id }));
        await new Promise((resolve) => setImmediate(resolve));
        if (fails) throw new RangeError("no");
        expect(told).toEqual([]);
      });
    await expect(place("o-1", true)).rejects.toThrow(RangeError);
    await place("o-2", false);
    await bus.idle();
    expect(told).toEqual([["o-2", ["o-2"]]]);
  });

  test("cannot be committed after a send in it has failed, though the work catches the error", async () => {
    const { bus, orders, left, insert, refuseSends } = await withOrders(setup());
    await bus.start();
    const work = bus.transaction(async (tx) => {
      await insert(tx.client, "o-1");
      await refuseSends(tx.client);
      await expect(tx.publish(new Followed({ id: "o-1" }))).rejects.toThrow(/refused/);
    });
    await expect(work).rejects.toThrow(/refused/);
    expect([await orders(), await left()]).toEqual([[], 0]);
  });
}

function ofDeliveries(setup: () => Place): void {
  async function handling(
    options: SubscriptionOptions<Noted>,
    handler: (event: Noted, delivery: { client: unknown; attempt: number }, made: Orders) => unknown,
  ) {
    const made = await withOrders(setup());
    made.bus.on(Noted, { name: "a", transaction: true, ...options }, (event, delivery) =>
      handler(event, delivery, made),
    );
    await made.bus.start();
    return made;
  }

  test("commits its effect, what it published and its end in one", async () => {
    const within: unknown[] = [];
    const { bus, orders, followed, left } = await handling({}, async ({ id }, { client }, made) => {
      await made.insert(client, id);
      await made.bus.publish(new Followed({ id }));
      within.push(await made.kept(client));
    });
    await bus.publish(new Noted({ id: "o-1" }));
    await until(async () => followed.length === 1 && (await left()) === 0);
    expect([await orders(), followed, within]).toEqual([["o-1"], ["o-1"], [2]]);
  });

  test("leaves nothing of an attempt that throws, and counts it", async () => {
    const attempts: number[] = [];
    const { bus, orders, followed, left } = await handling(
      { retry: { attempts: 2, delay: 1 } },
      async ({ id }, { client, attempt }, made) => {
        attempts.push(attempt);
        await made.insert(client, id); // twice would break the unique column
        await made.bus.publish(new Followed({ id: `${id} ${attempt}` }));
        if (attempt === 1) throw new RangeError("no");
      },
    );
    await bus.publish(new Noted({ id: "o-1" }));
    await until(async () => followed.length === 1 && (await left()) === 0);
    expect([attempts, await orders(), followed]).toEqual([[1, 2], ["o-1"], ["o-1 2"]]);
  });

  test("counts a commit that fails as the failure of the attempt", async () => {
    const attempts: number[] = [];
    const { bus, orders, left } = await handling(
      { retry: { attempts: 2, delay: 1 } },
      async ({ id }, { client, attempt }, made) => {
        attempts.push(attempt);
        await made.insert(client, id);
        if (attempt === 1) await made.spoil(client);
      },
    );
    await bus.publish(new Noted({ id: "o-1" }));
    await until(async () => (await orders()).length === 1 && (await left()) === 0);
    expect(attempts).toEqual([1, 2]);
  });

  test("leaves nothing where the delivery is somebody else's by the time of its end", async () => {
    const lost: string[] = [];
    const { bus, orders, failures } = await handling({}, async ({ id }, { client }, made) => {
      await made.insert(client, id);
      await made.steal(client);
    });
    bus.notices.on("delivery.lost", ({ reason }) => void lost.push(String(reason)));
    await bus.publish(new Noted({ id: "o-1" }));
    await until(() => lost.length > 0);
    await bus.close();
    expect([lost[0], await orders(), await failures()]).toEqual(["lease", [], [0]]);
  });

  test("loses none of many that run at once", async () => {
    const { bus, orders, left } = await handling({}, async ({ id }, { client }, made) => {
      await new Promise((resolve) => setImmediate(resolve));
      await made.insert(client, id);
    });
    await Promise.all(Array.from({ length: 30 }, (_, at) => bus.publish(new Noted({ id: `o-${at}` }))));
    await until(async () => (await orders()).length === 30 && (await left()) === 0);
    expect(new Set(await orders()).size).toBe(30);
  });

  test("is refused at start where the transport begins none, and delivery.client without it", async () => {
    const inMemory = createBus();
    inMemory.on(Noted, { name: "a", transaction: true }, nothing);
    await expect(inMemory.start()).rejects.toThrow(
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
}

function ofAttempts(setup: () => Place): void {
  /** Its first attempt ends when `ends` does, and then as if nothing were wrong. */
  async function waiting(ends: (delivery: Delivery) => Promise<unknown>) {
    const made = await withOrders(setup());
    const started = deferred();
    const handler = async ({ id }: Noted, delivery: Delivery): Promise<void> => {
      await made.insert(delivery.client, `${id} ${delivery.attempt}`);
      await delivery.publish(new Followed({ id: `${id} ${delivery.attempt}` }));
      started.resolve();
      if (delivery.attempt === 1) await ends(delivery);
    };
    return { ...made, handler, started: started.promise };
  }

  test("leaves nothing of an attempt that its timeout ends", async () => {
    const aborted = ({ signal }: Delivery): Promise<unknown> =>
      new Promise((resolve) => {
        if (signal.aborted) resolve(undefined);
        signal.addEventListener("abort", resolve);
      });
    const { bus, handler, orders, followed, left } = await waiting(aborted);
    const retry = { attempts: 2, delay: 1 };
    bus.on(Noted, { name: "a", transaction: true, timeout: 500, retry }, handler);
    await bus.start();
    await bus.publish(new Noted({ id: "o" }));
    await until(async () => followed.length > 0 && (await left()) === 0);
    expect([await orders(), followed]).toEqual([["o 2"], ["o 2"]]);
  });

  test("leaves nothing of an attempt that the deadline of the close ends", async () => {
    const end = deferred();
    const { bus, handler, started, orders, failures } = await waiting(() => end.promise);
    bus.on(Noted, { name: "a", transaction: true }, handler);
    await bus.start();
    await bus.publish(new Noted({ id: "o" }));
    await started;
    await bus.close({ deadline: 20 });
    end.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect([await orders(), await failures()]).toEqual([[], [0]]);
  });
}

function nothing(): void {}
