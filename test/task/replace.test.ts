/** Work in the place of a result. */
import { expect, test } from "vitest";
import { ReplaceDepthError, Task, TaskFailedError, type Work } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { chain, group } from "../../src/workflow/index.js";
import { Add, Double, expectRest, gatedBus, Nothing, seen } from "./setup.js";

class Sum extends Task("math.sum")<{ upTo: number }, number> {}

async function setup() {
  const made = await gatedBus({}, { lane: { concurrency: 4 } });
  made.bus.handle(Sum, { name: "sum", lane: { concurrency: 1 } }, ({ upTo }, delivery) =>
    delivery.replace(new Double({ n: upTo })),
  );
  return made;
}

test("a task that is replaced has the result of the work in its place, and its slot is free meanwhile", async () => {
  const { bus, time, calls } = await setup();
  const handle = await bus.run(new Sum({ upTo: 3 }));
  await time.rest();
  expect([handle.state, bus.lanes.get("sum")!.running]).toEqual(["running", 0]);
  calls[0]!.give(6);
  expect(await handle.result()).toBe(6);
  await expectRest(bus, time);
});

test("it fails with what the work in its place failed with", async () => {
  const { bus, time, calls } = await setup();
  const handle = await bus.run(new Sum({ upTo: 3 }));
  const result = seen(handle);
  await time.rest();
  calls[0]!.fail(new Error("broken"));
  await time.rest();
  expect(result.error).toBeInstanceOf(TaskFailedError);
  expect(result.error).toMatchObject({ task: "math.double" });
});

test("cancelling it cancels the work in its place, and the other way round", async () => {
  const { bus, time, calls } = await setup();
  const first = await bus.run(new Sum({ upTo: 3 }));
  await time.rest();
  const cancelled = first.cancel("enough");
  expect(calls[0]!.signal.aborted).toBe(true);
  calls[0]!.fail(calls[0]!.signal.reason);
  expect([await cancelled, first.state]).toEqual([true, "cancelled"]);
  await expectRest(bus, time);
});

test("a task may turn itself into a group of chains", async () => {
  const { bus, time } = virtualBus();
  bus.handle(Add, ({ a, b }) => a + b);
  bus.handle(Sum, ({ upTo }, delivery) => {
    if (upTo < 2) return upTo;
    const parts = group([
      new Sum({ upTo: 1 }),
      chain(new Sum({ upTo: upTo - 1 }), (sum) => new Add({ a: sum, b: upTo - 1 })),
    ]);
    return delivery.replace(chain(parts, ([one, rest]) => new Add({ a: one, b: rest })));
  });
  await bus.start();
  const handle = await bus.run(new Sum({ upTo: 10 }));
  expect(await handle.result()).toBe(55);
  await expectRest(bus, time);
});

test("a handler that replaces itself for ever ends with an error that has the chain", async () => {
  const { bus, time } = virtualBus();
  bus.handle(Nothing, (_, delivery) => delivery.replace(new Nothing()));
  bus.handle(Sum, (task, delivery) => delivery.replace(chain(new Nothing(), () => task)));
  await bus.start();
  const error = (await (await bus.run(new Nothing())).result().catch((e: unknown) => e)) as TaskFailedError;
  expect(error.cause).toBeInstanceOf(ReplaceDepthError);
  expect((error.cause as ReplaceDepthError).chain).toHaveLength(65);
  expect(bus.deadLetters.size).toBe(1);
  await expectRest(bus, time);
});

test("what replaces a task must be work", async () => {
  const { bus } = virtualBus();
  let thrown: unknown;
  bus.handle(Nothing, (_, delivery) => {
    try {
      delivery.replace({} as Work<void>);
    } catch (error) {
      thrown = error;
    }
  });
  await bus.start();
  await (await bus.run(new Nothing())).result();
  expect(thrown).toBeInstanceOf(TypeError);
});

test("a retry after the replacement replaces it anew, and the first is cancelled", async () => {
  const { bus, time, calls } = await gatedBus({}, { retry: 1 });
  let runs = 0;
  bus.handle(
    Sum,
    {
      retry: { attempts: 2, delay: 100, jitter: false },
      steps: [
        async (_, next) => {
          const outcome = await next();
          if (++runs === 1) throw new Error("after it");
          return outcome;
        },
      ],
    },
    ({ upTo }, delivery) => delivery.replace(new Double({ n: upTo })),
  );
  const handle = await bus.run(new Sum({ upTo: 1 }));
  await time.advance(100);
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  calls[0]!.fail(new Error("stopped"));
  calls[1]!.give(2);
  expect(await handle.result()).toBe(2);
});
