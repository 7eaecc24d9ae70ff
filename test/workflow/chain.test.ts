/** Work one after the other. */
import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { InvalidEventError, TaskFailedError, type Work } from "../../src/index.js";
import { chain, chord, group, map } from "../../src/workflow/index.js";
import { virtualBus } from "../support/virtual.js";
import { Add, Double, expectRest, gatedBus, Nothing, reported, Resize, seen } from "../task/setup.js";

async function setup() {
  const made = await gatedBus();
  made.bus.handle(Add, { name: "add" }, ({ a, b }) => a + b);
  made.bus.handle(Resize, { name: "resize" }, ({ path, size }) => ({ thumb: path, width: `${size}` }));
  return made;
}

test("each result is the data of the next task, or the argument of a function", async () => {
  const { bus, time, calls } = await setup();
  const work = chain(
    new Resize({ path: "a", size: 32 }),
    ({ width }) => new Double({ n: width }),
    (doubled) => new Add({ a: doubled, b: 1 }),
  );
  const handle = await bus.run(work);
  await time.rest();
  expect(calls.map((call) => call.n)).toEqual([32]);
  calls[0]!.give(64);
  expect(await handle.result()).toBe(65);
  await expectRest(bus, time);
});

test("a task class takes the result as its data", async () => {
  const { bus, time } = virtualBus();
  const got: unknown[] = [];
  bus.handle(Resize, ({ path }) => ({ thumb: path, width: "1" }));
  class Path extends (await import("../../src/index.js")).Task("test.path")<
    { n: number },
    { path: string }
  > {}
  bus.handle(Path, ({ n }) => ({ path: `p${n}` }));
  await bus.start();
  const handle = await bus.run(chain(new Path({ n: 1 }), Resize));
  got.push(await handle.result());
  expect(got).toEqual([{ thumb: "p1", width: 1 }]);
  await expectRest(bus, time);
});

test("a chain may run twice, side by side", async () => {
  const { bus, time, calls } = await setup();
  const work = chain(new Double({ n: 1 }), (a) => new Add({ a, b: 1 }));
  const handles = [await bus.run(work), await bus.run(work)];
  await time.rest();
  calls[1]!.give(20);
  calls[0]!.give(10);
  expect(await Promise.all(handles.map((each) => each.result()))).toEqual([11, 21]);
});

test("what fails ends the chain as it ended itself, and nothing after it starts", async () => {
  const { bus, time, calls } = await setup();
  let followed = 0;
  const work = chain(new Double({ n: 1 }), (a) => (followed++, new Add({ a, b: 1 })));
  const result = seen(await bus.run(work));
  await time.rest();
  calls[0]!.fail(new Error("broken"));
  await time.rest();
  expect(result.error).toBeInstanceOf(TaskFailedError);
  expect([followed, result.times]).toEqual([0, 1]);
});

test.each<[string, (value: number) => unknown, RegExp]>([
  [
    "throws",
    () => {
      throw new Error("in between");
    },
    /in between/,
  ],
  ["gives no work", (value) => value, /to give work at once, got `2`/],
  ["gives a promise of work", async () => new Nothing(), /to give work at once/],
])("a function that %s ends the chain as failed", async (_, follow, says) => {
  const { bus, time, calls } = await setup();
  const result = seen(await bus.run(chain(new Double({ n: 1 }), follow as (value: number) => Work)));
  await time.rest();
  calls[0]!.give(2);
  await time.rest();
  expect((result.error as Error).message).toMatch(says);
  await expectRest(bus, time);
});

test("data that the next task does not take end the chain as failed", async () => {
  const { bus, time, calls } = await setup();
  const wrong = Resize as unknown as { new (data: number): Work<unknown>; readonly taskName: string };
  const result = seen(await bus.run(chain(new Double({ n: 1 }), wrong)));
  await time.rest();
  calls[0]!.give(2);
  await time.rest();
  expect(result.error).toBeInstanceOf(InvalidEventError);
});

test("a chord runs its callback once, with all results, when all have ended well", async () => {
  const { bus, time, calls } = await setup();
  let calledBack = 0;
  const work = chord(map(Double, [{ n: 1 }, { n: 2 }]), ([a = 0, b = 0]) => {
    calledBack++;
    return new Add({ a, b });
  });
  const handle = await bus.run(work);
  await time.rest();
  calls[1]!.give(4);
  await time.rest();
  expect(calledBack).toBe(0);
  calls[0]!.give(2);
  expect(await handle.result()).toBe(6);
  expect(calledBack).toBe(1);
});

test("a callback that fails makes its chord fail, and is tried again as its handler says", async () => {
  const { bus, time } = virtualBus();
  let tries = 0;
  bus.handle(Double, ({ n }) => n);
  bus.handle(Add, { retry: { attempts: 3, delay: 10 } }, () => {
    throw new Error(`try ${++tries}`);
  });
  await bus.start();
  const work = chord(group([new Double({ n: 1 }), new Double({ n: 2 })]), ([a, b]) => new Add({ a, b }));
  const result = seen(await bus.run(work));
  await time.advance(1_000);
  expect([tries, result.times]).toEqual([3, 1]);
  expect(result.error).toMatchObject({ task: "math.add", attempts: [{}, {}, {}] });
  await expectRest(bus, time);
});

test("a chain tells its progress by its links", async () => {
  const { bus } = virtualBus();
  bus.handle(Double, async ({ n }) => n);
  await bus.start();
  const handle = await bus.run(chain(new Double({ n: 1 }), (n) => new Double({ n })));
  expect((await reported(handle)).map(({ done, total }) => `${done}/${total}`)).toEqual(["1/2", "2/2"]);
});

test("every link runs in the async context of whoever ran the chain", async () => {
  const { bus } = virtualBus();
  const tenant = new AsyncLocalStorage<string>();
  const seenBy: (string | undefined)[] = [];
  bus.handle(Double, async ({ n }) => (seenBy.push(tenant.getStore()), n));
  await bus.start();
  const work = chain(new Double({ n: 1 }), (n) => (seenBy.push(tenant.getStore()), new Double({ n })));
  const handles = await Promise.all(["a", "b"].map((name) => tenant.run(name, () => bus.run(work))));
  await Promise.all(handles.map((each) => each.result()));
  expect(seenBy.filter((name) => name === "a")).toHaveLength(3);
  expect(seenBy.filter((name) => name === "b")).toHaveLength(3);
});

test("headers and priority of the run are those of every part, the id is its own", async () => {
  const { bus } = virtualBus();
  const got: string[] = [];
  bus.handle(Double, ({ n }, { headers }) => (got.push(`${n} ${headers["who"]}`), n + 1));
  await bus.start();
  const work = chain(new Double({ n: 1 }), (n) => new Double({ n }));
  const handle = await bus.run(work, { headers: { who: "me" }, id: "whole" });
  await handle.result();
  expect(got).toEqual(["1 me", "2 me"]);
  expect(bus.results.get("whole")).toBe(handle);
});

test("what is no link is a TypeError at once, all faults together", () => {
  const make = chain as unknown as (...parts: unknown[]) => void;
  expect(() => make(3, 4, Double)).toThrow(/first part of chain\(\)[\s\S]*part 2 of chain\(\)/);
  expect(() => (chord as unknown as typeof make)(new Double({ n: 1 }))).toThrow(/part 2 of chord\(\)/);
});
