/** What a run keeps once it has ended: its result, and nothing of what it came from. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { group } from "../../src/workflow/index.js";
import { virtualBus } from "../support/virtual.js";
import { Asked, Double } from "./setup.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const ONE = { lane: { concurrency: 1 } } as const;

test("a result that is kept does not keep the task, the delivery or the work that it was a part of", async () => {
  const { bus, time } = virtualBus();
  bus.handle(Double, ONE, ({ n }) => n);
  const refs: WeakRef<object>[] = [];
  bus.on(Asked, ONE, async (event) => {
    if (event.n === 0) return;
    const tasks = [new Double({ n: 1 }), new Double({ n: 2 })];
    const work = group(tasks);
    refs.push(new WeakRef(event), new WeakRef(work), ...tasks.map((task) => new WeakRef(task)));
    await bus.run(new Double({ n: 3 }));
    await bus.run(work);
  });
  await bus.start();
  await (async () => void (await bus.publish(new Asked({ n: 1 }))))();
  await time.rest();
  await bus.publish(new Asked({ n: 0 })); // a slot remembers the last that it ran
  await bus.run(new Double({ n: 0 }));
  await time.rest();
  collect();
  await time.rest();
  collect();
  expect(bus.results.size).toBe(5);
  expect(refs.map((ref) => ref.deref())).toEqual([undefined, undefined, undefined, undefined]);
});
