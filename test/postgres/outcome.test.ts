/** A connection that is lost in the commit of a transaction: the server is asked on another what became of it. */
import { createBus } from "signalbox";
import { postgres, type PostgresOptions } from "signalbox/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { proxy } from "../support/proxy.js";
import { url } from "../support/postgres-schemas.js";
import { withOrders } from "../store/orders.js";
import { onServer } from "../store/places.js";
import { SILENT } from "../support/kept-items.js";
import { noServer } from "./setup.js";

/* A bus that nobody consumes on, behind a proxy: the only COMMIT is that of its transaction. */
async function behind(options: Partial<PostgresOptions> = {}) {
  const there = new URL(url);
  const between = await proxy(Number(there.port));
  onTestFinished(() => between.close());
  there.port = String(between.port);
  const place = onServer();
  const { orders, insert } = await withOrders(place);
  const schema = place.orders["schema"]!;
  const bus = createBus({ transport: postgres({ url: there.href, schema, ...options }), logger: SILENT });
  onTestFinished(async () => void (await bus.close()));
  await bus.start();
  return { bus, between, orders, insert };
}

describe.skipIf(noServer !== undefined)("a connection that is lost in the commit", () => {
  test.each([
    ["after the server has it", "toServer", "after"],
    ["before its answer is here", "toClient", "before"],
  ] as const)("%s: the transaction is found to be committed", async (_, direction, when) => {
    const { bus, between, orders, insert } = await behind();
    const sprung = between.resetAt("COMMIT", direction, when);
    await bus.transaction(async (tx) => insert(tx.client, "o-1"));
    await sprung;
    expect(await orders()).toEqual(["o-1"]);
  });

  test("before the server has it: nothing is there, and it rejects", async () => {
    const { bus, between, orders, insert } = await behind();
    const sprung = between.resetAt("COMMIT", "toServer", "before");
    const work = bus.transaction(async (tx) => insert(tx.client, "o-1"));
    await expect(work).rejects.toThrow(/The store of transport postgres/);
    await sprung;
    expect(await orders()).toEqual([]);
    await bus.transaction(async (tx) => insert(tx.client, "o-1"));
    expect(await orders()).toEqual(["o-1"]);
  });

  test("of a server that cannot be asked is said to be of unknown outcome", async () => {
    const { bus, between, insert } = await behind({ answerMax: 300 });
    const work = bus.transaction(async (tx) => {
      await insert(tx.client, "o-1");
      await between.refuse();
      const sprung = between.resetAt("COMMIT", "toServer", "after");
      sprung.then(
        () => between.reset(),
        () => undefined,
      );
    });
    await expect(work).rejects.toThrow(/cannot be asked what became of it/);
    await between.heal();
  });
});
