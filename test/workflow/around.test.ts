/** Divided work where something else is going on: before the start, in a transaction, without a context, under other policies. */
import { expect, test } from "vitest";
import { TaskFailedError } from "../../src/index.js";
import { chain, group, map } from "../../src/workflow/index.js";
import { n } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";
import { Add, Asked, Double, expectRest, gatedBus, Nothing, seen } from "../task/setup.js";

const inputs = (count: number) => n(count).map((each) => ({ n: each }));

function setup(options: Parameters<typeof virtualBus>[0] = {}) {
  const made = virtualBus(options);
  made.bus.handle(Double, async ({ n: each }) => 2 * each);
  made.bus.handle(Add, async ({ a, b }) => a + b);
  return made;
}

test("a group that is run before the start is held, and comes to its end afterwards", async () => {
  const { bus, time } = setup();
  const handle = await bus.run(map(Double, inputs(1_500)));
  await time.rest();
  await bus.start();
  expect(await handle.result()).toHaveLength(1_500);
  await expectRest(bus, time);
});

test("a group in a transaction runs when that has succeeded, and fails with one that fails", async () => {
  const { bus, time } = setup();
  await bus.start();
  const work = map(Double, inputs(5), { concurrency: 2 });
  let result!: ReturnType<typeof seen>;
  await bus.transaction(async () => {
    result = seen(await bus.run(work));
    await time.rest();
    expect(result.times).toBe(0);
  });
  await time.rest();
  expect(result.value).toEqual([0, 2, 4, 6, 8]);
  const failing = bus.transaction(async () => {
    result = seen(await bus.run(work));
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await time.rest();
  expect(result.error).toMatchObject({ code: "SIGNALBOX_GROUP_FAILED" });
  await expectRest(bus, time);
});

test("a bus without async contexts divides work all the same", async () => {
  const { bus, time } = setup({ context: false });
  bus.on(Asked, async () => void (await bus.run(chain(new Double({ n: 1 }), (a) => new Add({ a, b: 1 })))));
  await bus.start();
  const handle = await bus.run(group([chain(new Double({ n: 1 }), (a) => new Add({ a, b: 1 }))]));
  expect(await handle.result()).toEqual([3]);
  await (await bus.publish(new Asked({ n: 1 }))).settled();
  await expectRest(bus, time);
});

test("the time of an event ends what was run inside its delivery", async () => {
  const { bus, time, calls } = await gatedBus();
  let result!: ReturnType<typeof seen>;
  bus.on(Asked, async () => {
    result = seen(await bus.run(new Double({ n: 1 })));
  });
  await bus.publish(new Asked({ n: 1 }), { expiresIn: 1_000 });
  await time.advance(1_000);
  expect(calls[0]!.signal.aborted).toBe(true);
  calls[0]!.fail(calls[0]!.signal.reason);
  await time.rest();
  expect(result.error).toBeInstanceOf(TaskFailedError);
  expect(result.error).toMatchObject({ reason: "expired while it ran" });
});

test("a chain of more than a hundred links is no loop", async () => {
  const { bus, time } = setup();
  await bus.start();
  let work = chain(new Add({ a: 0, b: 1 }), (a) => new Add({ a, b: 1 }));
  for (let more = 0; more < 150; more++) work = chain(work, (a) => new Add({ a, b: 1 }));
  expect(await (await bus.run(work)).result()).toBe(152);
  await expectRest(bus, time);
});

test("tasks that run each other for ever end as a loop", async () => {
  const { bus, time } = virtualBus();
  let runs = 0;
  bus.handle(Nothing, async () => {
    runs++;
    await bus.run(new Nothing());
  });
  await bus.start();
  await bus.run(new Nothing());
  await time.rest();
  await bus.idle();
  expect(runs).toBe(101);
  expect(await bus.deadLetters.list()).toMatchObject([{ reason: "loop" }]);
});
