/** Every fault, what the engine does about it, and that nothing accepted is lost. */
import { describe, expect, test } from "vitest";
import type { Features } from "../../../src/index.js";
import { type Fault, fakeTransport, InjectedFaultError } from "../../../src/testing/fake/fake-transport.js";
import { expectCountsToAddUp, gated, Keyed, n, Ping, watched } from "../../dispatch/setup.js";
import { virtualBus } from "../../support/virtual.js";
import { setup, store } from "./setup.js";

const pings = (count: number): Ping[] => n(count).map((at) => new Ping({ n: at }));
const HOLDS: readonly Partial<Features>[] = [{ holds: "lane" }, store];

for (const features of HOLDS)
  describe(`where the ${features.holds} holds the queue`, () => {
    test("without faults everything is handled once, and nothing is kept", async () => {
      const { bus, time, seen, transport } = await setup({ features });
      await bus.publish([...pings(3), new Keyed({ key: "k", n: 7 })]);
      await time.rest();
      expect(seen).toEqual(["0/1", "1/1", "2/1", "k7/1"]);
      expect([transport.kept, transport.injected]).toEqual([0, []]);
      expectCountsToAddUp(bus);
    });

    test("a publish that is rejected rejects with a typed error, and is accepted nowhere", async () => {
      for (const does of ["reject", "full"] as const) {
        const { bus, time, seen, transport } = await setup({ features, faults: [{ on: "send", does }] });
        await expect(bus.publish(new Ping({ n: 1 }))).rejects.toMatchObject({
          code: "SIGNALBOX_INJECTED_FAULT",
          on: "send",
          does,
        });
        await bus.publish(new Ping({ n: 2 }));
        await time.rest();
        expect([seen, transport.kept]).toEqual([["2/1"], 0]);
        expectCountsToAddUp(bus);
      }
    });

    test("a publish whose answer is lost rejects, and what it published is handled", async () => {
      const { bus, time, seen } = await setup({ features, faults: [{ on: "send", does: "loseAnswer" }] });
      await expect(bus.publish(new Ping({ n: 1 }))).rejects.toBeInstanceOf(InjectedFaultError);
      await time.rest();
      expect(seen).toEqual(["1/1"]);
      expectCountsToAddUp(bus);
    });

    test("a slow publish resolves when its time has passed", async () => {
      const { bus, time, seen } = await setup({
        features,
        faults: [{ on: "send", does: "delay", lasts: "5s" }],
      });
      const publish = watched(bus.publish(new Ping({ n: 1 })));
      await time.advance(4_999);
      expect([publish.isSettled, seen]).toEqual([false, []]);
      await time.advance(1);
      expect([publish.isSettled, seen]).toEqual([true, ["1/1"]]);
    });

    test("a publish that is slow ends when its signal aborts", async () => {
      const { bus, time, seen } = await setup({ features, faults: [{ on: "send", does: "delay" }] });
      const controller = new AbortController();
      const publish = watched(bus.publish(new Ping({ n: 1 }), { signal: controller.signal }));
      controller.abort(new Error("enough"));
      await time.advance(10_000);
      expect(publish.error).toMatchObject({ message: "enough" });
      expect([seen, time.timers]).toEqual([[], 0]);
    });

    test("what is sent twice is handled twice, unless the subscription dedupes", async () => {
      const faults: Fault[] = [{ on: "send", does: "duplicate" }];
      const twice = await setup({ features, faults });
      await twice.bus.publish(new Ping({ n: 1 }));
      await twice.time.rest();
      expect(twice.seen).toHaveLength(2);
      expectCountsToAddUp(twice.bus);
      const once = await setup({ features, faults, options: { dedupe: { by: "id", window: "1h" } } });
      await once.bus.publish(new Ping({ n: 1 }));
      await once.time.rest();
      expect([once.seen, once.transport.kept]).toEqual([["1/1"], 0]);
      expectCountsToAddUp(once.bus);
    });

    test("what is handed out twice comes with its number of deliveries", async () => {
      const { bus, time, seen, transport } = await setup({
        features,
        faults: [{ on: "deliver", does: "duplicate" }],
      });
      await bus.publish(new Ping({ n: 1 }));
      await time.rest();
      expect([seen, transport.kept]).toEqual([["1/1", "1/2"], 0]);
    });

    test("a delivery that is delayed comes when its time has passed, and the others of its key after it", async () => {
      const { bus, time, seen } = await setup({
        features,
        faults: [{ on: "deliver", does: "delay", lasts: "3s" }],
      });
      await bus.publish([
        new Keyed({ key: "k", n: 1 }),
        new Keyed({ key: "k", n: 2 }),
        new Keyed({ key: "l", n: 3 }),
      ]);
      await time.advance(2_999);
      expect(seen).toEqual(["l3/1"]);
      await time.advance(1);
      expect(seen).toEqual(["l3/1", "k1/1", "k2/1"]);
    });

    test("a reorder lets other keys go first, and never another event of its own key", async () => {
      const { bus, time, seen } = await setup({
        features,
        faults: [{ on: "deliver", does: "reorder" }],
        options: { lane: { concurrency: 1 } },
      });
      await bus.publish([
        new Keyed({ key: "k", n: 1 }),
        new Keyed({ key: "k", n: 2 }),
        new Keyed({ key: "l", n: 3 }),
      ]);
      await time.rest();
      expect(seen.indexOf("l3/1")).toBeLessThan(seen.indexOf("k1/1"));
      expect(seen.indexOf("k1/1")).toBeLessThan(seen.indexOf("k2/1"));
    });

    test("one that lets others go first goes at the end of the turn when nobody comes", async () => {
      const { bus, time, seen, transport } = await setup({
        features,
        faults: [{ on: "deliver", does: "reorder" }],
      });
      await bus.publish(new Ping({ n: 1 }));
      expect([seen, transport.inTransit]).toEqual([[], 1]);
      await time.rest();
      expect([seen, transport.inTransit]).toEqual([["1/1"], 0]);
    });

    test("an acknowledgement that is lost brings the delivery again", async () => {
      const { bus, time, seen, transport } = await setup({
        features,
        faults: [{ on: "settle", does: "loseAnswer" }],
      });
      await bus.publish(new Ping({ n: 1 }));
      await time.rest();
      expect([seen, transport.kept]).toEqual([["1/1", "1/2"], 0]);
      expectCountsToAddUp(bus);
    });

    test("what comes again because its acknowledgement was lost is waited for by idle", async () => {
      const { bus, seen } = await setup({
        features,
        faults: [{ on: "settle", does: "loseAnswer", times: 3 }],
      });
      await bus.publish(new Ping({ n: 1 }));
      await bus.idle();
      expect(seen).toEqual(["1/1", "1/2", "1/3", "1/4"]);
    });

    test("a settlement that is refused is logged, and brings the delivery again", async () => {
      const { bus, time, seen, logged } = await setup({
        features,
        faults: [{ on: "settle", does: "reject" }],
      });
      await bus.publish(new Ping({ n: 1 }));
      await time.rest();
      expect(seen).toEqual(["1/1", "1/2"]);
      expect(logged.map(({ message }) => message)).toEqual([expect.stringContaining("settle")]);
    });

    test("a settlement that is slow is made when its time has passed", async () => {
      const { bus, time, seen, transport } = await setup({
        features,
        faults: [{ on: "settle", does: "delay" }],
      });
      await bus.publish(new Ping({ n: 1 }));
      await time.advance(999);
      expect(transport.kept).toBe(1);
      await time.advance(1);
      expect([seen, transport.kept]).toEqual([["1/1"], 0]);
    });

    test("a crash before the handler hands everything out again, in order", async () => {
      const { bus, time, seen, transport } = await setup({
        features,
        faults: [{ on: "deliver", does: "crash" }],
      });
      await bus.publish([1, 2].map((at) => new Keyed({ key: "k", n: at })));
      await time.rest();
      expect([seen, transport.kept]).toEqual([["k1/2", "k2/1"], 0]);
      expectCountsToAddUp(bus);
    });

    test("a crash in the handler aborts its signal, and the delivery comes again", async () => {
      const { handler, seen: calls, openAll } = gated();
      const signals: AbortSignal[] = [];
      const { bus, time, seen, transport } = await setup({
        features,
        handler: (event, { signal }) => (signals.push(signal), handler(event)),
      });
      await bus.publish(new Ping({ n: 1 }));
      await time.rest();
      transport.crash();
      expect(signals[0]?.reason).toMatchObject({ code: "SIGNALBOX_DELIVERY_LOST" });
      await time.rest();
      await openAll(time);
      expect([seen, calls, transport.kept]).toEqual([["1/1", "1/2"], [1, 1], 0]);
      expectCountsToAddUp(bus);
    });

    test("a crash before settling brings what was done again, and what else was out", async () => {
      const { bus, time, seen, transport } = await setup({
        features,
        faults: [{ on: "settle", does: "crash" }],
      });
      await bus.publish([new Keyed({ key: "k", n: 1 }), new Keyed({ key: "k", n: 2 })]);
      await time.rest();
      expect(new Set(seen)).toEqual(
        new Set(features === store ? ["k1/1", "k1/2", "k2/1"] : ["k1/1", "k1/2", "k2/2"]),
      );
      expect(transport.kept).toBe(0);
      expectCountsToAddUp(bus);
    });

    test("after too many crashes a delivery is poison, and kept as a dead letter", async () => {
      const { bus, time, seen } = await setup({
        features,
        faults: [{ on: "deliver", does: "crash", times: 4 }],
      });
      await bus.publish(new Ping({ n: 1 }));
      await time.rest();
      expect([seen, (await bus.deadLetters.list()).map(({ reason }) => reason)]).toEqual([[], ["poison"]]);
    });

    test("while the connection is down publishes reject, and what is out comes again when it is up", async () => {
      const { handler, openAll } = gated();
      const states: string[] = [];
      const { bus, time, seen, transport } = await setup({ features, handler });
      for (const name of ["transport.down", "transport.up"] as const)
        bus.notices.on(name, () => states.push(name));
      await bus.publish(new Ping({ n: 1 }));
      await time.rest();
      transport.disconnect("5s");
      expect(bus.health().ready).toBe(false);
      await expect(bus.publish(new Ping({ n: 2 }))).rejects.toMatchObject({ does: "disconnect" });
      await openAll(time);
      await time.advance(4_999);
      expect([seen, states]).toEqual([["1/1"], ["transport.down"]]);
      await time.advance(1);
      await openAll(time);
      expect([seen, states]).toEqual([
        ["1/1", "1/2"],
        ["transport.down", "transport.up"],
      ]);
      expect([bus.health().ready, transport.kept]).toEqual([true, 0]);
      expectCountsToAddUp(bus);
    });

    for (const on of ["send", "deliver", "settle"] as const)
      test(`a connection that is lost on ${on} loses nothing that was accepted`, async () => {
        const { bus, time, seen, transport } = await setup({
          features,
          faults: [{ on, does: "disconnect" }],
        });
        const publish = watched(bus.publish(new Ping({ n: 1 })));
        await time.advance(2_000);
        expect(publish.error === undefined).toBe(on !== "send");
        expect(seen).toEqual({ send: [], deliver: ["1/1"], settle: ["1/1", "1/2"] }[on]);
        expect(transport.kept).toBe(0);
      });

    test("a fault of one event spares the others", async () => {
      const { bus, time, transport } = await setup({
        features,
        faults: [{ on: "settle", does: "loseAnswer", event: Keyed }],
      });
      await bus.publish([new Ping({ n: 1 }), new Keyed({ key: "k", n: 1 })]);
      await time.rest();
      expect(transport.injected).toEqual([
        { on: "settle", does: "loseAnswer", event: "test.keyed", group: "a" },
      ]);
    });

    test("the same seed draws the same faults, another draws others, and none loses anything", async () => {
      const run = async (seed: number) => {
        const { bus, time, seen, transport } = await setup({ features, seed });
        const accepted: string[] = [];
        for (const at of n(40)) {
          const events = [new Ping({ n: at }), new Keyed({ key: `${at % 3}-`, n: at })];
          const publish = watched(bus.publish(events));
          await time.advance(100);
          if (publish.error === undefined) accepted.push(`${at}`, `${at % 3}-${at}`);
        }
        await time.advance(60_000);
        expectCountsToAddUp(bus);
        const handled = new Set(seen.map((each) => each.replace(/\/\d+$/u, "")));
        expect(accepted.filter((each) => !handled.has(each))).toEqual([]);
        expect(accepted.length).toBeGreaterThan(20);
        return { seen, injected: transport.injected, kept: transport.kept };
      };
      const [one, same, other] = [await run(1), await run(1), await run(2)];
      expect(same).toEqual(one);
      expect(other.injected).not.toEqual(one.injected);
      expect(new Set(one.injected.map(({ does }) => does)).size).toBeGreaterThan(3);
      expect(one.kept).toBe(0);
    });
  });

describe("where the store holds the queue", () => {
  test("an envelope that is broken is a dead letter with its bytes, and its neighbours go on", async () => {
    const { bus, time, seen, transport } = await setup({
      features: store,
      faults: [{ on: "deliver", does: "corrupt" }],
    });
    await bus.publish(pings(2));
    await time.rest();
    const [letter] = await bus.deadLetters.list();
    expect([seen, letter?.reason]).toEqual([["1/1"], "undecodable"]);
    expect(letter?.raw?.byteLength).toBeGreaterThan(0);
    expect(transport.deadLettered).toHaveLength(1);
  });

  test("a retry goes back to the store and comes again when it is due, before the next of its key", async () => {
    const { bus, time, seen } = await setup({
      features: store,
      options: { retry: { attempts: 2, delay: "2s", backoff: "fixed", jitter: false } },
      handler: (event, { attempt }) =>
        event.n === 1 && attempt === 1 ? Promise.reject(new Error("first")) : undefined,
    });
    await bus.publish([1, 2].map((at) => new Keyed({ key: "k", n: at })));
    await time.advance(1_999);
    expect(seen).toEqual(["k1/1"]);
    await time.advance(1);
    expect(seen).toEqual(["k1/1", "k1/2", "k2/1"]);
  });

  test("what its process has not settled at the close comes to the next that opens the store", async () => {
    const { bus, time, transport } = await setup({
      features: store,
      options: { lane: { concurrency: 1 } },
      handler: (_, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason as Error)),
        ),
    });
    await bus.publish(pings(3));
    await time.rest();
    const closed = bus.close({ deadline: 0 });
    await time.advance(5_000);
    await closed;
    const next = virtualBus({ transport }, time);
    const seen: number[] = [];
    next.bus.on(Ping, { name: "a" }, ({ n: at }) => void seen.push(at));
    await next.bus.start();
    await time.rest();
    expect([seen, transport.kept]).toEqual([[0, 1, 2], 0]);
  });

  test("it never hands out more than its credit", async () => {
    const { handler, openAll } = gated();
    const { bus, time, transport, seen } = await setup({
      features: store,
      handler,
      options: { lane: { concurrency: 2 } },
    });
    await bus.publish(pings(20));
    await time.rest();
    expect([bus.lanes.get("a")?.running, bus.lanes.get("a")?.waiting]).toEqual([2, 2]);
    await openAll(time);
    expect([seen.length, transport.kept]).toEqual([20, 0]);
  });
});

describe("options", () => {
  test("wrong ones are all told at once", () => {
    expect(() => fakeTransport({ sede: 1, seed: -1 } as never)).toThrow(
      /did you mean `seed`[\s\S]*fakeTransport\.seed/iu,
    );
    expect(() => fakeTransport({ faults: [{ on: "settle", does: "corrupt" }] })).toThrow(
      /on "settle" a transport can "delay"/u,
    );
    expect(() => fakeTransport({ faults: [{ on: "deliver", does: "corrupt" }] })).toThrow(/holds: "store"/u);
    expect(() => fakeTransport({ features: { transactions: true } })).toThrow(
      /features\.transactions.*holds: "store"/u,
    );
    expect(() => fakeTransport({ features: { ordr: "key" } as never })).toThrow(/order/u);
    expect(() => fakeTransport({ faults: [{ on: "send", does: "full", rate: 2 }] })).toThrow(/from 0 to 1/u);
  });
});
