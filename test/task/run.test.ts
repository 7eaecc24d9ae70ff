/** Running a task: its result, its failure, and what it shares with an event. */
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  BusClosedError,
  createBus,
  deadLetter,
  drop,
  Handles,
  InvalidEventError,
  InvalidResultError,
  LaneFullError,
  NotStartedError,
  PartlyAcceptedError,
  retry,
  SelfWaitError,
  StartError,
  Task,
  type TaskClass,
  TaskFailedError,
  type TaskHandle,
  UnhandledTaskError,
} from "../../src/index.js";
import { mismatches, watched } from "../dispatch/setup.js";
import { deferred, virtualBus } from "../support/virtual.js";
import { Add, Asked, Double, expectRest, gatedBus, Nothing, Resize, seen } from "./setup.js";

async function setup(...[options]: Parameters<typeof virtualBus>) {
  const made = virtualBus(options);
  made.bus.handle(Add, { name: "add" }, ({ a, b }) => a + b);
  await made.bus.start();
  return made;
}

describe("a task", () => {
  test("gives its result to whoever ran it", async () => {
    const { bus, time } = await setup();
    const handle = await bus.run(new Add({ a: 1, b: 2 }));
    expectTypeOf(handle).toEqualTypeOf<TaskHandle<number>>();
    expect(await handle.result()).toBe(3);
    expect(await handle.result()).toBe(3);
    expect(handle.state).toBe("done");
    await expectRest(bus, time);
  });

  test("is waiting, then running, then done", async () => {
    const { bus, time, calls } = await gatedBus({}, { lane: { concurrency: 1 } });
    const [first, second] = [await bus.run(new Double({ n: 1 })), await bus.run(new Double({ n: 2 }))];
    await time.rest();
    expect([first.state, second.state]).toEqual(["running", "waiting"]);
    calls[0]!.give(2);
    await time.rest();
    expect([first.state, second.state]).toEqual(["done", "running"]);
  });

  test("has its data parsed by its input, and its result by its output", async () => {
    const { bus } = virtualBus();
    bus.handle(Resize, (task) => ({ thumb: `${task.path}@${task.size}`, width: "12" }));
    await bus.start();
    const handle = await bus.run(new Resize({ path: "a.png" }));
    expect(await handle.result()).toEqual({ thumb: "a.png@64", width: 12 });
    expect(() => new Resize({ path: 3 as unknown as string })).toThrow(InvalidEventError);
  });

  test("whose result its output does not take has failed, and may be tried again", async () => {
    const { bus, time } = virtualBus();
    let answers = 0;
    bus.handle(Resize, { retry: { attempts: 2, delay: 10, jitter: false } }, async () =>
      ++answers === 1 ? ({} as { thumb: string; width: string }) : { thumb: "t", width: "1" },
    );
    await bus.start();
    const handle = await bus.run(new Resize({ path: "a" }));
    await time.advance(10);
    expect(await handle.result()).toEqual({ thumb: "t", width: 1 });
    const { error } = seen(await bus.run(new Resize({ path: "b" })));
    expect(error).toBeUndefined();
  });

  test("tells the attempts, and what the last one threw, when it has failed", async () => {
    const { bus, time, calls } = await gatedBus(
      {},
      { retry: { attempts: 2, delay: 1_000, backoff: "fixed", jitter: false } },
    );
    const handle = await bus.run(new Double({ n: 1 }), { id: "t-1" });
    const result = seen(handle);
    await time.rest();
    calls[0]!.fail(new Error("first"));
    await time.rest();
    expect([handle.state, result.times]).toEqual(["waiting", 0]);
    await time.advance(1_000);
    calls[1]!.fail(new Error("second"));
    await time.rest();
    expect(handle.state).toBe("failed");
    expect(result.error).toBeInstanceOf(TaskFailedError);
    expect(result.error).toMatchObject({
      task: "math.double",
      taskId: "t-1",
      reason: "failed",
      attempts: [
        { attempt: 1, error: { message: "first" } },
        { attempt: 2, error: { message: "second" } },
      ],
      cause: { message: "second" },
    });
    expect(await bus.deadLetters.list()).toMatchObject([{ subscription: "double", reason: "failed" }]);
  });

  test.each([
    ["deadLetter", deadLetter("bad"), "bad"],
    ["drop", drop("not now"), "not now"],
    ["retry", retry({ reason: "later" }), "failed"],
  ])("fails where its handler answers %s", async (_, outcome, reason) => {
    const { bus } = virtualBus();
    bus.handle(Double, () => outcome);
    await bus.start();
    const handle = await bus.run(new Double({ n: 1 }));
    await expect(handle.result()).rejects.toMatchObject({ name: "TaskFailedError", reason });
  });

  test.each([
    ["when", { when: () => false }, "when answered false"],
    ["dedupe", { dedupe: { by: () => "same", window: "1m" } }, "it had this one already"],
  ] as const)("fails where the %s of its handler does not let it in", async (_, options, reason) => {
    const { bus } = virtualBus();
    bus.handle(Double, options, ({ n }) => n);
    await bus.start();
    await bus.run(new Double({ n: 1 }));
    const handle = await bus.run(new Double({ n: 2 }));
    await expect(handle.result()).rejects.toMatchObject({ name: "TaskFailedError", reason });
  });

  test("fails by its timeout, and by its expiry", async () => {
    const { bus, time, calls } = await gatedBus({}, { timeout: "1s", lane: { concurrency: 1 } });
    const timed = seen(await bus.run(new Double({ n: 1 })));
    const expired = seen(await bus.run(new Double({ n: 2 }), { expiresIn: 500 }));
    await time.advance(1_000);
    calls[0]!.give(2);
    await time.rest();
    expect(timed.error).toMatchObject({ reason: "timeout", cause: { code: "SIGNALBOX_HANDLER_TIMEOUT" } });
    expect(expired.error).toMatchObject({ reason: "expired before it started" });
  });

  test("takes the steps, the key, the priority and the headers of an event", async () => {
    const order: string[] = [];
    const { bus, time } = virtualBus({
      steps: [async (delivery, next) => (order.push(`step ${delivery.headers["who"]}`), await next())],
    });
    bus.handle(Double, { lane: { concurrency: 1 } }, ({ n }, { key }) => {
      order.push(`${n} ${key}`);
      return 2 * n;
    });
    await bus.start();
    bus.lanes.get("math.double#1")!.pause();
    const handles = [
      await bus.run(new Double({ n: 1 }), { key: "k", headers: { who: "a" } }),
      await bus.run(new Double({ n: 2 }), { priority: 7, headers: { who: "b" } }),
    ];
    bus.lanes.get("math.double#1")!.resume();
    await time.rest();
    expect(order).toEqual(["step b", "2 undefined", "step a", "1 k"]);
    expect(await Promise.all(handles.map((each) => each.result()))).toEqual([2, 4]);
  });

  test("may be run for later, and is moved and cancelled as an event is", async () => {
    const { bus, time } = await setup();
    const handle = await bus.run(new Add({ a: 1, b: 1 }), { delay: "1m" });
    const taken = seen(await bus.run(new Add({ a: 1, b: 2 }), { delay: "1m", id: "away" }));
    expect(await bus.delayed.list()).toMatchObject([{ event: "math.add" }, { id: "away" }]);
    expect(await bus.delayed.cancel("away")).toBe(true);
    await time.advance(59_999);
    expect(handle.state).toBe("waiting");
    await time.advance(1);
    expect(await handle.result()).toBe(2);
    expect(taken.error).toMatchObject({ reason: "cancelled before it was due" });
  });

  test("inside a delivery belongs to the tree of its event, and knows its cause", async () => {
    const { bus, time } = virtualBus();
    const gate = deferred();
    const causes: (string | undefined)[] = [];
    bus.handle(Double, async ({ n }, { cause }) => {
      causes.push(cause);
      await gate.promise;
      return 2 * n;
    });
    bus.on(Asked, async ({ n }) => void (await bus.run(new Double({ n }))));
    await bus.start();
    const receipt = await bus.publish(new Asked({ n: 1 }), { id: "asked" });
    let isSettled = false;
    void receipt.settled().then(() => (isSettled = true));
    await time.rest();
    expect(isSettled).toBe(false);
    gate.resolve();
    await time.rest();
    expect([isSettled, causes]).toEqual([true, ["asked"]]);
  });

  test("is seen by taps and notices as an event is", async () => {
    const { bus } = await setup();
    const told: string[] = [];
    bus.tap("math.**", (_, { name }) => told.push(`tap ${name}`));
    bus.notices.on("delivery.done", ({ event, subscription }) => told.push(`done ${event} ${subscription}`));
    await (await bus.run(new Add({ a: 1, b: 2 }))).result();
    expect(told).toEqual(["tap math.add", "done math.add add"]);
  });
});

describe("the handler of a task", () => {
  test("is one: two are a fault at start, and a TypeError where a function is the second", async () => {
    class One {
      @Handles(Double)
      one(): number {
        return 1;
      }
    }
    class Two {
      @Handles(Double)
      two(): number {
        return 2;
      }
    }
    const { bus } = virtualBus({ subscribers: [One, Two] });
    await expect(bus.start()).rejects.toMatchObject({
      faults: ["Task math.double has two handlers (One.one and Two.two). Keep one: a task has one result."],
    });
    expect(() => bus.handle(Double, { name: "third" }, () => 2)).toThrow(/\(One\.one and third\)/);
  });

  test("is one: none is a fault at start, where the bus knows the task", async () => {
    const named = createBus({ tasks: [Double, Nothing] });
    await expect(named.start()).rejects.toThrow(StartError);
    await expect(named.start()).rejects.toMatchObject({
      faults: [
        expect.stringMatching(/^No handler takes task math\.double\./),
        expect.stringMatching(/^No handler takes task test\.nothing\./),
      ],
    });
    const run = createBus();
    await run.run(new Double({ n: 1 }));
    await expect(run.start()).rejects.toThrow(/No handler takes task math\.double/);
  });

  test("may be missing after the start: nothing is run then", async () => {
    const { bus } = await setup();
    await expect(bus.run(new Double({ n: 1 }))).rejects.toThrow(UnhandledTaskError);
    const undo = bus.handle(Double, ({ n }) => 2 * n);
    expect(await (await bus.run(new Double({ n: 1 }))).result()).toBe(2);
    undo();
    await expect(bus.run(new Double({ n: 1 }))).rejects.toThrow(UnhandledTaskError);
    expect(mismatches(bus)).toEqual([]);
  });
});

describe("what is run", () => {
  test("before the start is held, and gives its result afterwards", async () => {
    const { bus } = virtualBus();
    bus.handle(Add, ({ a, b }) => a + b);
    const handle = await bus.run(new Add({ a: 1, b: 2 }));
    expect(handle.state).toBe("waiting");
    await bus.start();
    expect(await handle.result()).toBe(3);
    const full = virtualBus({ heldMax: 0 }).bus;
    await expect(full.run(new Add({ a: 1, b: 2 }))).rejects.toThrow(NotStartedError);
  });

  test("under an id that is known is not run again", async () => {
    const { bus, time, calls } = await gatedBus();
    const first = await bus.run(new Double({ n: 1 }), { id: "once" });
    const second = await bus.run(new Double({ n: 1 }), { id: "once" });
    await time.rest();
    expect([second === first, calls.length]).toEqual([true, 1]);
    calls[0]!.give(2);
    await time.rest();
    expect(await (await bus.run(new Double({ n: 1 }), { id: "once" })).result()).toBe(2);
    expect(calls).toHaveLength(1);
    const other = bus.run(new Nothing(), { id: "once" });
    await expect(other).rejects.toThrow(/The id once is that of math\.double, not of test\.nothing/);
  });

  test("rejects where its lane takes no more, and is not known afterwards", async () => {
    const { bus, time, calls } = await gatedBus(
      {},
      { lane: { concurrency: 1, capacity: 1, overflow: "reject" } },
    );
    const running = await bus.run(new Double({ n: 1 }));
    await time.rest();
    await bus.run(new Double({ n: 2 }));
    await expect(bus.run(new Double({ n: 3 }), { id: "third" })).rejects.toThrow(LaneFullError);
    expect(bus.results.get("third")).toBeUndefined();
    calls[0]!.give(2);
    expect(await running.result()).toBe(2);
  });

  test("waits for a place as a publish does, and may be run anew when there was none", async () => {
    const { bus, time, calls } = await gatedBus({}, { lane: { concurrency: 1, capacity: 1, waitMax: "1s" } });
    await bus.run(new Double({ n: 1 }));
    await time.rest();
    await bus.run(new Double({ n: 2 }));
    const task = new Double({ n: 3 });
    const refused = watched(bus.run(task));
    await time.advance(1_000);
    expect(refused.error).toBeInstanceOf(PartlyAcceptedError);
    const again = bus.run(task);
    await time.rest();
    calls[0]!.give(2);
    await time.rest();
    calls[1]!.give(4);
    await time.rest();
    calls[2]!.give(6);
    expect(await (await again).result()).toBe(6);
    expect(mismatches(bus)).toEqual([]);
  });

  test("in a transaction runs when that has succeeded, and fails with one that fails", async () => {
    const { bus, time } = await setup();
    let inside!: TaskHandle<number>;
    await bus.transaction(async () => {
      inside = await bus.run(new Add({ a: 1, b: 2 }));
      await time.rest();
      expect(inside.state).toBe("waiting");
    });
    expect(await inside.result()).toBe(3);
    let lost!: ReturnType<typeof seen>;
    let late!: ReturnType<typeof seen>;
    const work = bus.transaction(async () => {
      lost = seen(await bus.run(new Add({ a: 1, b: 2 })));
      late = seen(await bus.run(new Add({ a: 1, b: 2 }), { delay: "1m" }));
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    await time.rest();
    expect(lost.error).toMatchObject({ reason: "taken back before it was delivered" });
    expect(late.error).toMatchObject({ reason: "its transaction was taken back" });
    await expectRest(bus, time);
  });

  test("ends with the bus: held, waiting and delayed tasks fail", async () => {
    const held = virtualBus().bus;
    const first = seen(await held.run(new Double({ n: 1 })));
    await held.close();
    expect(first.error).toMatchObject({ reason: "held when the bus was closed" });
    const { bus, calls, time } = await gatedBus({}, { lane: { concurrency: 1 } });
    const handles = [
      seen(await bus.run(new Double({ n: 1 }))),
      seen(await bus.run(new Double({ n: 2 }))),
      seen(await bus.run(new Double({ n: 3 }), { delay: "1d" })),
    ];
    await time.rest();
    const closed = bus.close({ deadline: 100 });
    await time.advance(100);
    expect(calls[0]!.signal.aborted).toBe(true);
    calls[0]!.fail(calls[0]!.signal.reason);
    await time.rest();
    await closed;
    expect(handles.map(({ error }) => (error as TaskFailedError).reason)).toEqual([
      "its signal aborted before it was done",
      "the deadline of close() came first",
      "delayed when the bus was closed",
    ]);
    await expect(bus.run(new Double({ n: 4 }))).rejects.toThrow(BusClosedError);
  });

  test("must be work", async () => {
    const { bus } = await setup();
    const run = bus.run.bind(bus) as (work: unknown) => Promise<unknown>;
    await expect(run(new Asked({ n: 1 }))).rejects.toThrow(/Expected work to run.*An event is published/);
    await expect(run(Add)).rejects.toThrow(/Write `new` before the class/);
    await expect(run(undefined)).rejects.toThrow(TypeError);
  });

  test("is not waited for by its own handler", async () => {
    const { bus } = virtualBus();
    const errors: unknown[] = [];
    bus.handle(Nothing, async () => {
      const own = bus.results.get("own")!;
      errors.push(await own.result().catch((error: unknown) => error));
      errors.push(await own.cancel("now").catch((error: unknown) => error));
    });
    await bus.start();
    await (await bus.run(new Nothing(), { id: "own" })).result();
    expect(errors).toEqual([expect.any(SelfWaitError), expect.any(SelfWaitError)]);
  });

  test("may be waited for with a signal", async () => {
    const { bus, time, calls } = await gatedBus();
    const handle = await bus.run(new Double({ n: 1 }));
    const stop = new AbortController();
    const waiting = watched(handle.result({ signal: stop.signal }));
    stop.abort(new Error("enough"));
    await time.rest();
    expect(waiting.error).toMatchObject({ message: "enough" });
    await expect(handle.result({ signal: stop.signal })).rejects.toThrow("enough");
    await time.rest();
    calls[0]!.give(2);
    expect(await handle.result({ signal: new AbortController().signal })).toBe(2);
  });
});

describe("Task()", () => {
  test("checks its name and its schemas, all faults at once", () => {
    const make = Task as (name: string, schemas?: unknown) => TaskClass;
    expect(() => make("Not A Name", { input: 3, outptu: 4 })).toThrow(
      /Task\(\): .*`name`[\s\S]*Task\(\): .*Did you mean `output`\?[\s\S]*Task\(\): .*`schemas\.input`/,
    );
    expect(() => make("a.b", { output: {} })).toThrow(/input/);
  });

  test("gives classes whose instances are frozen and known by their name", () => {
    const task = new Double({ n: 1 });
    expect(Object.isFrozen(task)).toBe(true);
    expect(Double.taskName).toBe("math.double");
    expect(JSON.stringify(task)).toBe('{"n":1}');
  });

  test("keeps an invalid result as the cause", async () => {
    const { bus } = virtualBus();
    bus.handle(Resize, () => ({ thumb: 3 as unknown as string, width: "1" }));
    await bus.start();
    const handle = await bus.run(new Resize({ path: "a" }));
    const error = (await handle.result().catch((e: unknown) => e)) as TaskFailedError;
    expect(error.cause).toBeInstanceOf(InvalidResultError);
    expect(error.cause).toMatchObject({ task: "image.resize", issues: [{ path: ["thumb"] }] });
  });
});
