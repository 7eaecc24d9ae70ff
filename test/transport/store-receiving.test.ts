/** What a store hands out, whoever sent it: deliveries, and what cannot become one. */
import { describe, expect, test } from "vitest";
import { Event } from "../../src/index.js";
import { expectCountsToAddUp, Keyed, n, Ping } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";
import { setup, wire } from "./store-setup.js";
import { ShelfStore } from "./transports.js";

class Grown extends Event("test.grown", {
  version: 2,
  aliases: ["test.small"],
  upcast: (old: { size: string }) => ({ size: Number(old.size) }),
})<{ size: number }> {}

describe("what a store hands out", () => {
  test("a delivery that died with its process too often is poison: its handler does not run", async () => {
    let count = 0;
    const { bus, store, time } = await setup({
      options: { retry: 2, crashes: 1 },
      handler: () => void count++,
    });
    store.put("a", wire("test.ping", { n: 1 }), { deliveries: 2 });
    await time.rest();
    expect(count).toBe(1);
    store.put("a", wire("test.ping", { n: 2 }), { deliveries: 3 });
    await time.rest();
    expect(count).toBe(1);
    expect(store.dead.map(({ reason }) => reason)).toEqual(["poison"]);
    expect(await bus.deadLetters.list({ reason: "poison" })).toHaveLength(1);
    expectCountsToAddUp(bus);
  });

  test("bytes that cannot be decoded are a dead letter with those bytes, and their neighbours flow", async () => {
    const seen: number[] = [];
    const { bus, store, time, logged } = await setup({ handler: ({ n: at }: Ping) => void seen.push(at) });
    const bytes = new Uint8Array([0, 255, 1]);
    store.put("a", wire("test.ping", { n: 1 }));
    store.put("a", { undecodable: bytes, error: new Error("garbage") });
    store.put("a", { ...wire("test.ping", {}), body: new TextEncoder().encode("{") });
    store.put("a", wire("test.ping", { n: 2 }));
    await time.rest();
    expect(seen).toEqual([1, 2]);
    const letters = await bus.deadLetters.list({ reason: "undecodable" });
    expect(letters.map(({ raw }) => raw)).toEqual([bytes, new TextEncoder().encode("{")]);
    expect(letters[0]).toMatchObject({ subscription: "a", attempts: [{ error: { message: "garbage" } }] });
    expect(store.dead.map(({ reason }) => reason)).toEqual(["undecodable", "undecodable"]);
    expect(logged.map(({ level, facts }) => [level, facts])).toEqual([
      ["error", { subscription: "a", reason: "undecodable", err: new Error("garbage") }],
      ["error", { subscription: "a", reason: "undecodable", err: expect.any(Error) }],
    ]);
  });

  test("an unknown name, a newer version and data that do not fit are dead letters with reason schema", async () => {
    const { bus, store, time } = await setup();
    bus.on(Grown, { name: "grown" }, () => undefined);
    await time.rest();
    const data = { size: "3" };
    store.put("a", wire("test.nobody", data));
    store.put("grown", wire("test.grown", data, { "ce-signalboxversion": "3" }));
    store.put("grown", wire("test.grown", [1], { "ce-signalboxversion": "2" }));
    await time.rest();
    const letters = await bus.deadLetters.list({ reason: "schema" });
    expect(letters.map(({ raw }) => new TextDecoder().decode(raw))).toEqual([
      '{"size":"3"}',
      '{"size":"3"}',
      "[1]",
    ]);
    expect(letters.map(({ attempts }) => (attempts[0]!.error as { code?: string }).code)).toEqual([
      "SIGNALBOX_UNKNOWN_EVENT",
      "SIGNALBOX_NEWER_VERSION",
      undefined,
    ]);
    await expect(bus.deadLetters.replay(letters[0]!)).rejects.toBeInstanceOf(TypeError);
    expect(bus.deadLetters.size).toBe(3);
  });

  test("an earlier name is bound and received, an older version goes through upcast", async () => {
    const got: Grown[] = [];
    const { bus, store, time } = await setup();
    bus.on(Grown, { name: "grown" }, (event) => void got.push(event));
    await time.rest();
    expect(store.shelf("grown").group.events).toEqual(["test.grown", "test.small"]);
    store.put("grown", wire("test.small", { size: "7" }));
    await time.rest();
    expect(got).toEqual([new Grown({ size: 7 })]);
    expect(got[0]).toBeInstanceOf(Grown);
  });

  test("headers, key, cause and correlation arrive as they were published", async () => {
    const got: unknown[] = [];
    const { bus, time } = await setup({
      handler: ((_: Ping, delivery: { publish(event: Keyed, options: object): unknown }) =>
        delivery.publish(new Keyed({ key: "k", n: 1 }), { headers: { Tenant: "ü\n".trim() } })) as never,
    });
    bus.on(Keyed, { name: "keyed" }, (event, delivery) => {
      got.push(event, delivery.key, delivery.headers["Tenant"], delivery.cause);
    });
    await time.rest();
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(got).toEqual([new Keyed({ key: "k", n: 1 }), "k", "ü", id]);
  });

  for (const serialises of [true, false])
    test(`a loop through a store ends as a dead letter (${serialises ? "serialising" : "passing objects"})`, async () => {
      let count = 0;
      const { bus, time } = await setup({
        features: { serialises },
        handler: ((event: Ping, delivery: { publish(event: Ping): unknown }) => {
          count++;
          return delivery.publish(event);
        }) as never,
      });
      await bus.publish(new Ping({ n: 1 }));
      for (let more = 0; more < 30; more++) await time.rest();
      expect(count).toBe(101);
      expect((await bus.deadLetters.list()).map(({ reason }) => reason)).toEqual(["loop"]);
    });

  test("a publish in the async context of a delivery is inside it", async () => {
    const causes: unknown[] = [];
    const { bus, time } = await setup({
      handler: async () => {
        await Promise.resolve();
        await bus.publish(new Keyed({ key: "k", n: 1 }));
      },
    });
    bus.on(Keyed, { name: "keyed" }, (_, delivery) => void causes.push(delivery.cause));
    await time.rest();
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(causes).toEqual([id]);
  });

  test("an item of a group that has left here goes back, as nobody's failure", async () => {
    const { bus, store, time, undo } = await setup();
    undo();
    await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    expect(store.settled[0]?.settlement).toEqual({ kind: "release" });
    expect(await bus.deadLetters.list()).toEqual([]);
    expect(store.settled.length).toBeLessThanOrEqual(20);
  });

  test("order per key is kept among what is handed out", async () => {
    const seen: string[] = [];
    const store = new ShelfStore();
    const { bus, time } = virtualBus({ transport: store });
    bus.on(Keyed, { name: "a" }, async (event) => {
      await Promise.resolve();
      seen.push(`${event.key}${event.n}`);
    });
    await bus.start();
    expect(store.shelf("a").group.order).toBe("key");
    await bus.publish(n(12).map((at) => new Keyed({ key: at % 2 === 0 ? "x" : "y", n: at })));
    await time.rest();
    expect(seen.filter((each) => each.startsWith("x"))).toEqual(n(6).map((at) => `x${2 * at}`));
  });
});
