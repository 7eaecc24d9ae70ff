/** Schedules that start tasks and divided work. */
import { expect, test } from "vitest";
import { Task } from "../../src/index.js";
import { group } from "../../src/workflow/index.js";
import { virtualBus } from "../support/virtual.js";

class Count extends Task("schedule.count")<{ n: number }, number> {}

test("a schedule may start a task, or work that is divided, and its run is over when that has ended", async () => {
  const { bus, time } = virtualBus();
  const counted: number[] = [];
  bus.handle(Count, { lane: { concurrency: 1 } }, async ({ n }, delivery) => {
    await delivery.sleep("20s");
    counted.push(n);
    return n;
  });
  await bus.start();
  const one = bus.schedule("one", { every: "1m" }, () => new Count({ n: 1 }));
  bus.schedule("two", { every: "90s" }, () => group([new Count({ n: 2 }), new Count({ n: 3 })]));
  await time.advance(70_000);
  expect([counted, one.last?.outcome]).toEqual([[], "running"]);
  await time.advance(10_000);
  expect([counted, one.last?.outcome]).toEqual([[1], "done"]);
  await time.advance(60_000);
  expect(counted).toEqual([1, 2, 3]);
});
