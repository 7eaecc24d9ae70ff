/** Work side by side: what comes of a group, and what comes last. */
import { describe, expect, test } from "vitest";
import { GroupFailedError, TaskFailedError } from "../../src/index.js";
import { group, map, chunks } from "../../src/workflow/index.js";
import { n } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";
import { Add, Asked, Double, expectRest, gatedBus, Nothing, reported, seen } from "../task/setup.js";

async function setup(options: Parameters<typeof gatedBus>[0] = {}) {
  const made = await gatedBus(options, { lane: { concurrency: 100 } });
  const lasts: number[] = [];
  made.bus.handle(Nothing, { name: "last" }, () => void lasts.push(made.calls.length));
  made.bus.handle(Add, { name: "add" }, ({ a, b }) => a + b);
  return { ...made, lasts };
}

const inputs = (count: number) => n(count).map((each) => ({ n: each }));
const doubles = (count: number) => n(count).map((each) => new Double({ n: each }));

describe("a group", () => {
  test("gives the results of its members in their order, whatever the order of their ends", async () => {
    const { bus, time, calls } = await setup();
    const handle = await bus.run(
      group([new Double({ n: 1 }), new Add({ a: 1, b: 2 }), new Double({ n: 2 })]),
    );
    await time.rest();
    expect(handle.state).toBe("running");
    calls[1]!.give(4);
    calls[0]!.give(2);
    expect(await handle.result()).toEqual([2, 3, 4]);
    await expectRest(bus, time);
  });

  test("of nothing is done at once", async () => {
    const { bus, time, lasts } = await setup();
    expect(await (await bus.run(group([]))).result()).toEqual([]);
    expect(await (await bus.run(group([], { require: 0, finally: new Nothing() }))).result()).toEqual([]);
    expect(await (await bus.run(map(Double, []))).result()).toEqual([]);
    expect(await (await bus.run(chunks(Double, [], 3))).result()).toEqual([]);
    expect(lasts).toEqual([0]);
    const any = seen(await bus.run(group([], { require: "any" })));
    await time.rest();
    expect(any.error).toMatchObject({ code: "SIGNALBOX_GROUP_FAILED", required: 1, settled: [] });
  });

  test("whose members are all required fails with the first that fails, and stops the others", async () => {
    const { bus, time, calls } = await setup();
    const handle = await bus.run(group(doubles(4), { concurrency: 3 }));
    const result = seen(handle);
    await time.rest();
    calls[1]!.fail(new Error("broken"));
    await time.rest();
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false, true]);
    expect(result.times).toBe(0); // what runs has to end first
    calls[0]!.fail(new Error("stopped"));
    calls[2]!.give(4);
    await time.rest();
    expect(result.error).toBeInstanceOf(GroupFailedError);
    expect(result.error).toMatchObject({
      required: 4,
      settled: [
        { state: "cancelled" },
        { state: "failed" },
        { state: "done", value: 4 },
        { state: "cancelled" },
      ],
      cause: expect.any(TaskFailedError) as unknown,
    });
    expect([calls.length, handle.state]).toEqual([3, "failed"]);
    await expectRest(bus, time);
  });

  test("that requires some runs all its members, and tells how each has ended", async () => {
    const { bus, time, calls } = await setup();
    const handle = await bus.run(group(doubles(3), { require: 2 }));
    await time.rest();
    calls[0]!.give(0);
    calls[1]!.fail(new Error("broken"));
    await time.rest();
    expect(handle.state).toBe("running");
    calls[2]!.give(4);
    expect(await handle.result()).toEqual([
      { state: "done", value: 0 },
      { state: "failed", error: expect.any(TaskFailedError) as unknown },
      { state: "done", value: 4 },
    ]);
  });

  test("that requires any is content with one", async () => {
    const { bus, time, calls } = await setup();
    const handle = await bus.run(group(doubles(2), { require: "any" }));
    await time.rest();
    calls[0]!.fail(new Error("broken"));
    calls[1]!.give(2);
    expect(await handle.result()).toMatchObject([{ state: "failed" }, { state: "done", value: 2 }]);
  });

  test("fails as soon as it cannot have what it requires", async () => {
    const { bus, time, calls } = await setup();
    const result = seen(await bus.run(group(doubles(4), { require: 3, concurrency: 2 })));
    await time.rest();
    calls[0]!.fail(new Error("one"));
    await time.rest();
    calls[1]!.fail(new Error("two"));
    await time.rest();
    expect(calls).toHaveLength(3);
    calls[2]!.give(4);
    await time.rest();
    expect(result.error).toMatchObject({ required: 3, cause: { cause: { message: "one" } } });
    expect(calls).toHaveLength(3);
  });

  test("has no more members on their way than its concurrency, 1,000 by default", async () => {
    const { bus, time, calls } = await setup();
    const limited = await bus.run(group(doubles(5), { concurrency: 2 }));
    for (let ended = 0; ended < 5; ended++) {
      await time.rest();
      expect(calls).toHaveLength(Math.min(5, ended + 2));
      calls[ended]!.give(ended);
    }
    expect(await limited.result()).toEqual(n(5));
    const wide = await bus.run(
      map(
        Double,
        n(1_500).map((each) => ({ n: each })),
      ),
    );
    await time.rest();
    const lane = bus.lanes.get("double")!;
    expect(lane.waiting + lane.running).toBe(1_000);
    void wide.cancel("seen enough");
    for (const call of calls.slice(5)) call.give(0);
    await expectRest(bus, time);
  });

  test.each(["wait", "reject"] as const)(
    "waits for places as long as it takes, where the overflow of its lane is %s, and lets a handler go on that runs it",
    async (overflow) => {
      const { bus, time } = virtualBus();
      const lane = { concurrency: 1, capacity: 1, waitMax: 10, overflow };
      bus.handle(Double, { lane }, async ({ n: each }, delivery) => {
        if (each < 0) return delivery.replace(map(Double, inputs(20)) as never);
        await delivery.sleep(1_000);
        return each;
      });
      await bus.start();
      const handle = await bus.run(new Double({ n: -1 }));
      await time.advance(20_000);
      expect(await handle.result()).toEqual(n(20));
      await expectRest(bus, time);
    },
  );

  test("counts a member that nobody takes as one that failed", async () => {
    const { bus } = virtualBus();
    bus.handle(Add, ({ a, b }) => a + b);
    await bus.start();
    const handle = await bus.run(group([new Add({ a: 1, b: 1 }), new Double({ n: 1 })], { require: "any" }));
    expect(await handle.result()).toMatchObject([
      { state: "done", value: 2 },
      { state: "failed", error: { code: "SIGNALBOX_UNHANDLED_TASK" } },
    ]);
  });

  test("tells its progress by the members that have ended", async () => {
    const { bus, time, calls } = await setup();
    const handle = await bus.run(group(doubles(2)));
    const all = reported(handle);
    await time.rest();
    calls[1]!.give(0);
    await time.rest();
    calls[0]!.give(0);
    expect((await all).map(({ done, total }) => `${done}/${total}`)).toEqual(["1/2", "2/2"]);
  });

  test("may be a member of a group", async () => {
    const { bus, time, calls } = await setup();
    const handle = await bus.run(group([group(doubles(2)), group([], {}), map(Double, [{ n: 2 }])]));
    await time.rest();
    calls.forEach((call, index) => call.give(index));
    expect(await handle.result()).toEqual([[0, 1], [], [2]]);
    await expectRest(bus, time);
  });

  test("of members that end at once does not run out of stack", async () => {
    const { bus } = await setup();
    const none = group([]);
    const handle = await bus.run(
      group(
        Array.from({ length: 20_000 }, () => none),
        { concurrency: 1 },
      ),
    );
    expect(await handle.result()).toHaveLength(20_000);
  });

  test("inside a delivery belongs to the tree of its event", async () => {
    const { bus, time, calls } = await setup();
    bus.on(Asked, async () => void (await bus.run(group(doubles(2), { concurrency: 1 }))));
    const receipt = await bus.publish(new Asked({ n: 1 }));
    let isSettled = false;
    void receipt.settled().then(() => (isSettled = true));
    await time.rest();
    calls[0]!.give(0);
    await time.rest();
    expect([isSettled, calls.length]).toEqual([false, 2]);
    calls[1]!.give(1);
    await time.rest();
    expect(isSettled).toBe(true);
  });

  test("is not quiet between its members: idle waits for all of them", async () => {
    const { bus } = virtualBus();
    let ran = 0;
    bus.handle(Double, { lane: { concurrency: 1 } }, ({ n: each }) => (ran++, each));
    await bus.start();
    await bus.run(
      map(
        Double,
        n(50).map((each) => ({ n: each })),
        { concurrency: 1 },
      ),
    );
    await bus.idle();
    expect(ran).toBe(50);
  });

  test("goes on to its end while the bus closes, within the deadline", async () => {
    const { bus, time, calls, lasts } = await setup();
    const handle = await bus.run(group(doubles(2), { concurrency: 1, finally: new Nothing() }));
    await time.rest();
    const closed = bus.close();
    for (const index of [0, 1]) {
      await time.rest();
      calls[index]!.give(index);
    }
    expect(await handle.result()).toEqual([0, 1]);
    expect(lasts).toEqual([2]);
    expect((await closed).abandoned).toEqual([]);
  });

  test("ends when the bus has closed in the middle of it", async () => {
    const { bus, time, calls } = await setup();
    const result = seen(await bus.run(group(doubles(3), { concurrency: 1, finally: new Nothing() })));
    await time.rest();
    void bus.close({ deadline: 10 });
    await time.advance(2_000);
    calls[0]!.give(0);
    await time.rest();
    expect(result.error).toBeInstanceOf(GroupFailedError);
  });
});

describe("finally", () => {
  test.each([
    ["done", { require: "any" }],
    ["failed", { require: "all" }],
  ] as const)("runs once after all members, when the group is %s", async (_, options) => {
    const { bus, time, calls, lasts } = await setup();
    const handle = await bus.run(group(doubles(2), { ...options, finally: new Nothing() }));
    const result = seen(handle);
    await time.rest();
    calls[0]!.fail(new Error("broken"));
    await time.rest();
    expect(lasts).toEqual([]);
    calls[1]!.give(2);
    await time.rest();
    expect([lasts, result.times]).toEqual([[2], 1]);
    await expectRest(bus, time);
  });

  test("that fails makes a group fail that was done, and changes nothing for one that had failed", async () => {
    const { bus, time, calls } = await gatedBus();
    bus.handle(Nothing, () => {
      throw new Error("last");
    });
    const done = seen(await bus.run(group([new Double({ n: 1 })], { finally: new Nothing() })));
    await time.rest();
    calls[0]!.give(2);
    const failed = seen(await bus.run(group([new Double({ n: 1 })], { finally: new Nothing() })));
    await time.rest();
    calls[1]!.fail(new Error("member"));
    await time.rest();
    expect(done.error).toMatchObject({ task: "test.nothing", cause: { message: "last" } });
    expect(failed.error).toMatchObject({
      code: "SIGNALBOX_GROUP_FAILED",
      cause: { cause: { message: "member" } },
    });
  });
});

describe("retries and duplicates", () => {
  test("a member that is retried counts once", async () => {
    const { bus, time } = virtualBus();
    const tries = new Map<number, number>();
    const lasts: unknown[] = [];
    bus.handle(Double, { retry: { attempts: 3, delay: 10 } }, ({ n: each }) => {
      tries.set(each, (tries.get(each) ?? 0) + 1);
      if (tries.get(each)! < 3) throw new Error("again");
      return each;
    });
    bus.handle(Nothing, () => void lasts.push(0));
    await bus.start();
    const handle = await bus.run(group(doubles(5), { finally: new Nothing() }));
    await time.advance(1_000);
    expect(await handle.result()).toEqual(n(5));
    expect(lasts).toHaveLength(1);
  });

  test("the replay of a member's dead letter ends nothing a second time", async () => {
    const { bus, time, calls, lasts } = await setup();
    const result = seen(await bus.run(group(doubles(2), { require: 1, finally: new Nothing() })));
    await time.rest();
    calls[0]!.fail(new Error("broken"));
    calls[1]!.give(2);
    await time.rest();
    await bus.deadLetters.replay((await bus.deadLetters.list())[0]!);
    await time.rest();
    calls[2]!.give(0);
    await time.rest();
    expect([lasts, result.times]).toEqual([[2], 1]);
    await expectRest(bus, time);
  });
});

describe("a great group", () => {
  test("of 100,000 members comes to its end, with every default", { timeout: 30_000 }, async () => {
    const { bus } = virtualBus();
    bus.handle(Double, async ({ n: each }) => 2 * each);
    await bus.start();
    const handle = await bus.run(
      map(
        Double,
        n(100_000).map((each) => ({ n: each })),
      ),
    );
    const results = await handle.result();
    expect(results).toHaveLength(100_000);
    expect(results.every((value, index) => value === 2 * index)).toBe(true);
    expect(bus.deadLetters.size).toBe(0);
  });
});

describe("what group() refuses", () => {
  test("all faults at once", () => {
    const make = group as unknown as (members: unknown, options?: object) => void;
    expect(() => make([3, new Double({ n: 1 })], { require: "some", concurency: 2, finally: 4 })).toThrow(
      /member 1 of group\(\) to be work[\s\S]*Did you mean `concurrency`\?[\s\S]*`group options\.require`[\s\S]*`group options\.finally`/,
    );
    expect(() => make(3)).toThrow(/members of group\(\) to be an array/);
    expect(() => make([], { require: 1 })).toThrow(/at most the number of members, 0/);
  });

  test("options that only one task can have", async () => {
    const { bus } = await setup();
    await expect(bus.run(group([]), { delay: "1s" })).rejects.toThrow(/Expected no `delay`/);
  });
});
