import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { Event } from "../../src/index.js";
import { deferred, virtualBus } from "../support/virtual.js";

class Used extends Event("context.used")<{ tenant: string }> {}
class Followed extends Event("context.followed")<{}> {}

const tenants = new AsyncLocalStorage<string>();

describe("the async context", () => {
  it("of each of 1,000 tenants arrives in its own handlers and in nobody else's", async () => {
    const { bus, time } = virtualBus({ lanes: { shared: { concurrency: 7 } } });
    const leaks: string[] = [];
    let looks = 0;
    const look = ({ tenant }: Used): void => {
      looks++;
      if (tenants.getStore() !== tenant) leaks.push(`${tenant} saw ${String(tenants.getStore())}`);
    };
    for (const name of ["a", "b", "c"])
      bus.on(
        Used,
        { name, lane: "shared", retry: { attempts: 2, delay: 5 }, when: () => true },
        async (event, delivery) => {
          look(event);
          await delivery.sleep(1);
          look(event);
          await new Promise(setImmediate);
          look(event);
          if (delivery.attempt === 1 && event.tenant.endsWith("7")) throw new Error("once");
        },
      );
    await bus.start();
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) =>
        tenants.run(`t${n}`, () => bus.publish(new Used({ tenant: `t${n}` }))),
      ),
    );
    for (let round = 0; round < 2_000 && looks < 9_900; round++) await time.advance(1);
    expect(leaks).toEqual([]);
    expect(looks).toBe(3 * (1_000 + 100) * 3);
    expect(tenants.getStore()).toBeUndefined();
  });

  it("is kept by nothing that a handler leaves behind: the next slot begins without one", async () => {
    const { bus, time } = virtualBus();
    const seen: (string | undefined)[] = [];
    bus.on(Followed, () => void seen.push(tenants.getStore()));
    bus.on(Used, () => tenants.enterWith("left behind"));
    await bus.start();
    await tenants.run("first", () => bus.publish(new Used({ tenant: "first" })));
    await time.rest();
    await tenants.run("second", () => bus.publish(new Followed({})));
    await bus.publish(new Followed({}));
    await time.rest();
    expect(seen).toEqual(["second", undefined]);
  });

  it("is left out where the bus is told so", async () => {
    const { bus, time } = virtualBus({ context: false });
    const seen: unknown[] = [];
    bus.on(Used, async (_, delivery) => {
      seen.push(tenants.getStore());
      await bus.publish(new Followed({}));
      await delivery.publish(new Followed({}));
    });
    bus.on(Followed, (_, { cause }) => void seen.push(cause));
    await bus.start();
    const { id } = await tenants.run("t", () => bus.publish(new Used({ tenant: "t" })));
    await time.rest();
    expect(seen).toEqual([undefined, undefined, id]);
  });
});

describe("inside a delivery", () => {
  /** Publishes `Followed` from a handler of `Used`: at once, or when the test says so. */
  async function setup(publish: "bus" | "delivery", when: "at once" | "afterwards") {
    const { bus, time } = virtualBus();
    const gate = deferred();
    const causes: (string | undefined)[] = [];
    bus.on(Used, async (_, delivery) => {
      const send = () => (publish === "bus" ? bus.publish : delivery.publish)(new Followed({}));
      if (when === "at once") await send();
      else void gate.promise.then(send);
    });
    bus.on(Followed, (_, { cause }) => void causes.push(cause));
    await bus.start();
    const receipt = await bus.publish(new Used({ tenant: "t" }));
    await time.rest();
    gate.resolve();
    await time.rest();
    return { bus, time, causes, receipt };
  }

  it.each(["bus", "delivery"] as const)(
    "%s.publish is a child: caused by it and part of its tree",
    async (by) => {
      const { causes, receipt } = await setup(by, "at once");
      expect(causes).toEqual([receipt.id]);
      expect(await receipt.settled()).toMatchObject({ done: 2 });
    },
  );

  it.each(["bus", "delivery"] as const)(
    "%s.publish after the settlement is caused by it and nothing more",
    async (by) => {
      const { causes, receipt } = await setup(by, "afterwards");
      expect(causes).toEqual([receipt.id]);
      expect(await receipt.settled()).toMatchObject({ done: 1 });
    },
  );

  it("the correlation of a chain is the id of its first event, and hops are counted", async () => {
    const { bus, time } = virtualBus();
    const facts: unknown[] = [];
    bus.on(Used, () => bus.publish(new Followed({})));
    bus.on(Followed, () => undefined);
    bus.tap("context.*", (_, { correlation, hops, cause }) => void facts.push([correlation, hops, cause]));
    await bus.start();
    const { id } = await bus.publish(new Used({ tenant: "t" }));
    await time.rest();
    expect(facts).toEqual([
      [id, 0, undefined],
      [id, 1, id],
    ]);
  });

  it("a storm that always publishes after its settlement ends, too", async () => {
    const { bus, time } = virtualBus();
    let runs = 0;
    bus.on(Followed, () => {
      runs++;
      setImmediate(() => void bus.publish(new Followed({})));
    });
    await bus.start();
    await bus.publish(new Followed({}));
    for (let round = 0; round < 50; round++) await time.rest();
    expect(runs).toBe(101);
    expect((await bus.deadLetters.list()).map(({ reason }) => reason)).toEqual(["loop"]);
  });

  it("a full lane of one's own takes more from inside, and from outside not", async () => {
    const { bus, time } = virtualBus();
    const late = deferred();
    let isLate = false;
    bus.on(Used, { lane: { concurrency: 1, capacity: 1, waitMax: "1s" } }, async ({ tenant }) => {
      if (tenant !== "first") return;
      await bus.publish(new Used({ tenant: "2" }));
      await bus.publish(new Used({ tenant: "3" }));
      void late.promise.then(async () => {
        [...bus.lanes.values()][0]!.pause();
        await bus.publish(new Used({ tenant: "4" }));
        await bus.publish(new Used({ tenant: "5" })).catch(() => (isLate = true));
      });
    });
    await bus.start();
    const receipt = await bus.publish(new Used({ tenant: "first" }));
    await time.rest();
    expect(await receipt.settled()).toMatchObject({ done: 3 });
    late.resolve();
    await time.advance(2_000);
    expect(isLate).toBe(true); // no reserve after the settlement: it waited like anybody
  });

  it("another bus in the same process is caused by it, and not inside it", async () => {
    const one = virtualBus();
    const two = virtualBus();
    const never = deferred();
    const causes: unknown[] = [];
    one.bus.on(Used, () => two.bus.publish(new Followed({})));
    two.bus.on(Followed, (_, { cause }) => {
      causes.push(cause);
      return never.promise;
    });
    await Promise.all([one.bus.start(), two.bus.start()]);
    const receipt = await one.bus.publish(new Used({ tenant: "t" }));
    await one.time.rest();
    expect(causes).toEqual([receipt.id]);
    expect(await receipt.settled()).toMatchObject({ done: 1 });
    never.resolve();
  });
});
