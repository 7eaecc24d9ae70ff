import { describe, expect, it } from "vitest";
import { Event } from "signalbox";
import { explore, type World } from "signalbox/testing";

class Reserved extends Event("shop.reserved")<{ n: number }> {}
class Moved extends Event("shop.moved", { key: (moved: { of: string }) => moved.of })<{
  of: string;
  n: number;
}> {}

/** Two handlers look at the stock before either has taken from it. */
async function oversells(world: World): Promise<void> {
  let stock = 1;
  const bus = await world.bus();
  bus.on(Reserved, { name: "stock", lane: { concurrency: 2 } }, async (_reserved, delivery) => {
    if (stock === 0) return;
    await delivery.sleep(1);
    stock--;
  });
  world.invariant("the stock is never negative", () => stock >= 0);
  await bus.publish(new Reserved({ n: 1 }));
  await bus.publish(new Reserved({ n: 2 }));
}

describe("explore", () => {
  it("finds nothing where everything holds, and says how many runs that were", async () => {
    const found = await explore({ runs: 25 }, async (world) => {
      const bus = await world.bus();
      bus.on(Moved, { name: "moves", retry: { attempts: 2, delay: 10 } }, async ({ n }, { attempt }) => {
        if (n % 2 === 0 && attempt === 1) throw new Error("once more");
      });
      for (const n of [0, 1, 2, 3]) await bus.publish(new Moved({ of: n < 2 ? "a" : "b", n }));
      await bus.idle();
    });
    expect(found).toEqual({ runs: 25, violations: [] });
  });

  it("finds an order of things that breaks an invariant, and stops there", async () => {
    const { runs, violations } = await explore({ runs: 200 }, oversells);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(/^seed \d+: the stock is never negative/);
    expect(violations[0]).toContain("again: explore({ runs: 1, seed: ");
    expect(runs).toBeLessThanOrEqual(200);
  });

  it("finds the same again from its seed, to the letter", async () => {
    const [first] = (await explore({ runs: 200 }, oversells)).violations;
    const seed = Number(/^seed (\d+)/.exec(first!)![1]);
    expect((await explore({ runs: 1, seed }, oversells)).violations).toEqual([first]);
  });

  it("lets the seed decide what a scenario asks chance for", async () => {
    const drawn: number[] = [];
    const scenario = async (world: World): Promise<void> => void drawn.push(world.random());
    await explore({ runs: 2, seed: 5 }, scenario);
    await explore({ runs: 2, seed: 5 }, scenario);
    expect(drawn.slice(0, 2)).toEqual(drawn.slice(2));
    expect(drawn[0]).not.toBe(drawn[1]);
  });

  it("shows the shortest way that it has found", async () => {
    const isTooMuch = async (world: World): Promise<void> => {
      const bus = await world.bus();
      const seen: number[] = [];
      bus.on(Reserved, { name: "stock" }, ({ n }) => void seen.push(n));
      world.invariant("no fives", () => !seen.includes(5));
      const count = 1 + Math.floor(world.random() * 30);
      for (let n = 0; n < count; n++) await bus.publish(new Reserved({ n: Math.floor(world.random() * 6) }));
    };
    const [found] = (await explore({ runs: 50 }, isTooMuch)).violations;
    expect(found!.match(/is published/g)!.length).toBe(1);
  });

  it("counts what a scenario throws, and an invariant that throws, as violations", async () => {
    const throws = await explore({ runs: 1 }, async () => Promise.reject(new RangeError("too few")));
    const asked = await explore({ runs: 1 }, async (world) => {
      world.invariant("asks for more", () => {
        throw new RangeError("too many");
      });
      await world.bus();
    });
    expect(throws.violations[0]).toContain("the scenario holds: RangeError: too few");
    expect(asked.violations[0]).toContain("asks for more: RangeError: too many");
  });

  it("finds a scenario that never ends, and says what it waits for", async () => {
    const { violations } = await explore({ runs: 1 }, async (world) => {
      const bus = await world.bus();
      bus.on(Reserved, { name: "stock" }, () => new Promise(() => undefined));
      await (await bus.publish(new Reserved({ n: 1 }))).settled();
    });
    expect(violations[0]).toContain("the scenario ends: nothing is left that could go on; stock: 1 run");
  });

  it("moves the clock by itself when nobody is ready, and by the test bus's own clock", async () => {
    const times: number[] = [];
    const { violations } = await explore({ runs: 20 }, async (world) => {
      const bus = await world.bus();
      bus.on(Reserved, { name: "stock" }, async (_reserved, delivery) => delivery.sleep("1m"));
      const began = bus.clock.now().getTime();
      await (await bus.publish(new Reserved({ n: 1 }))).settled();
      await bus.clock.advance("1m");
      times.push(bus.clock.now().getTime() - began);
    });
    expect(violations).toEqual([]);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(120_000);
  });

  it("with faults, the transport repeats what it has handed out: who counts twice is found", async () => {
    const counts = async (world: World): Promise<void> => {
      const seen: number[] = [];
      const bus = await world.bus();
      bus.on(Reserved, { name: "stock" }, ({ n }) => void seen.push(n));
      world.invariant("each is counted once", () => new Set(seen).size === seen.length);
      for (const n of [1, 2, 3, 4]) await bus.publish(new Reserved({ n })).catch(() => undefined);
    };
    expect((await explore({ runs: 60 }, counts)).violations).toEqual([]);
    const [found] = (await explore({ runs: 60, faults: true }, counts)).violations;
    expect(found).toContain("each is counted once");
    expect(found).toMatch(/explore\(\{ runs: 1, seed: \d+, faults: true \}, scenario\)/);
  });

  it("refuses wrong options, all at once", async () => {
    const wrong = { runs: 0, sede: 1 } as never;
    await expect(explore(wrong, async () => undefined)).rejects.toThrow(
      /Did you mean `seed`[^]*explore\.runs/,
    );
  });
});
