/** Transactions that SQLite begins, beside what any store promises: one at a time, and a client that is closed at their end. */
import { describe, expect, test } from "vitest";
import { Followed, withOrders } from "../store/orders.js";
import { onFile } from "../store/places.js";
import { until } from "../support/kept-items.js";
import { deferred } from "../support/virtual.js";

describe("bus.transaction on SQLite", () => {
  test("lets nothing else into it: what is published beside it waits, and is not rolled back with it", async () => {
    const { bus, followed, insert } = await withOrders(onFile());
    await bus.start();
    let beside: Promise<unknown> | undefined;
    const publishBeside = (): void => void (beside = bus.publish(new Followed({ id: "beside" })));
    const { promise: isOpen, resolve: opened } = deferred();
    const { promise: mayEnd, resolve: end } = deferred();
    const work = bus.transaction(async (tx) => {
      await insert(tx.client, "o-1");
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
    const { bus, orders, insert } = await withOrders(onFile());
    await bus.start();
    const client = await bus.transaction(async (tx) => tx.client);
    await expect(insert(client, "late")).rejects.toThrow(/not open/);
    expect(await orders()).toEqual([]);
  });
});
