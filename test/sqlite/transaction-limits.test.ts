/** Where transactions that SQLite begins end: other transports, sends that fail, timeouts and the close. */
import type { DatabaseSync } from "node:sqlite";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { type Delivery, Event, memory } from "signalbox";
import { sqlite } from "signalbox/sqlite";
import { deferred } from "../support/virtual.js";
import { Followed, insert, withOrders } from "./orders.js";
import { folder, Noted, until } from "./setup.js";

class Elsewhere extends Event("elsewhere", { transport: "other" })<{ id: string }> {}
class Told extends Event("told", { transport: "memory" })<{ id: string }> {}

describe("bus.transaction beside other transports", () => {
  test("refuses what another store carries, and is rolled back where that is not caught", async () => {
    const other = sqlite({ path: path.join(folder(), "other.db") });
    const { bus, orders } = withOrders({}, { other });
    const elsewhere: string[] = [];
    bus.on(Elsewhere, { name: "elsewhere" }, ({ id }) => void elsewhere.push(id));
    await bus.start();
    const place = (id: string) =>
      bus.transaction(
        async (tx) => {
          insert(tx.client, id);
          await tx.publish(new Elsewhere({ id }));
        },
        { transport: "default" },
      );
    await expect(place("o-1")).rejects.toThrow(
      "Transport other stores events, and cannot join a transaction that was begun on transport default.",
    );
    expect(orders()).toEqual([]);
    await bus.publish(new Elsewhere({ id: "o-2" }));
    await until(() => elsewhere.length > 0);
    expect(elsewhere).toEqual(["o-2"]);
  });

  test("places what stays in memory after the commit, and nothing of it where the work throws", async () => {
    const { bus, orders } = withOrders({}, { memory: memory() });
    const told: unknown[] = [];
    bus.on(Told, { name: "told" }, ({ id }) => void told.push([id, orders()]));
    await bus.start();
    const place = (id: string, fails: boolean) =>
      bus.transaction(async (tx) => {
        insert(tx.client, id);
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
    const { bus, orders, left } = withOrders();
    await bus.start();
    const work = bus.transaction(async (tx) => {
      insert(tx.client, "o-1");
      (tx.client as DatabaseSync).exec(
        "CREATE TEMP TRIGGER refuse BEFORE INSERT ON signalbox_deliveries BEGIN SELECT RAISE(ABORT, 'refused'); END",
      );
      await expect(tx.publish(new Followed({ id: "o-1" }))).rejects.toThrow(/refused/);
    });
    await expect(work).rejects.toThrow(/refused/);
    expect([orders(), left()]).toEqual([[], 0]);
  });
});

describe("an attempt with transaction: true", () => {
  /** Its first attempt ends when `until` does, and then as if nothing were wrong. */
  function waiting(until: (delivery: Delivery) => Promise<unknown>) {
    const made = withOrders();
    const started = deferred();
    const handler = async ({ id }: Noted, delivery: Delivery): Promise<void> => {
      insert(delivery.client, `${id} ${delivery.attempt}`);
      await delivery.publish(new Followed({ id: `${id} ${delivery.attempt}` }));
      started.resolve();
      if (delivery.attempt === 1) await until(delivery);
    };
    return { ...made, handler, started: started.promise };
  }

  test("leaves nothing of an attempt that its timeout ends", async () => {
    const aborted = ({ signal }: Delivery): Promise<unknown> =>
      new Promise((resolve) => signal.addEventListener("abort", resolve));
    const { bus, handler, orders, followed, left } = waiting(aborted);
    const retry = { attempts: 2, delay: 1 };
    bus.on(Noted, { name: "a", transaction: true, timeout: 20, retry }, handler);
    await bus.start();
    await bus.publish(new Noted({ id: "o" }));
    await until(() => followed.length > 0 && left() === 0);
    expect([orders(), followed]).toEqual([["o 2"], ["o 2"]]);
  });

  test("leaves nothing of an attempt that the deadline of the close ends", async () => {
    const end = deferred();
    const { bus, handler, started, orders, outside } = waiting(() => end.promise);
    bus.on(Noted, { name: "a", transaction: true }, handler);
    await bus.start();
    await bus.publish(new Noted({ id: "o" }));
    await started;
    await bus.close({ deadline: 20 });
    end.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(orders()).toEqual([]);
    expect(outside.prepare("SELECT failures FROM signalbox_deliveries").all()).toEqual([{ failures: 0 }]);
  });
});
