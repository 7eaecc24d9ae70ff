/** One task for each of many inputs. */
import { expect, test } from "vitest";
import { InvalidEventError } from "../../src/index.js";
import { chunks, map } from "../../src/workflow/index.js";
import { Double, expectRest, gatedBus, Resize } from "../task/setup.js";

const inputs = [1, 2, 3, 4, 5].map((n) => ({ n }));

test("map gives the results in the order of the inputs", async () => {
  const { bus, time, calls } = await gatedBus();
  const handle = await bus.run(map(Double, inputs.values()));
  await time.rest();
  for (const call of calls.toReversed()) call.give(2 * call.n);
  expect(await handle.result()).toEqual([2, 4, 6, 8, 10]);
  await expectRest(bus, time);
});

test("chunks run side by side, the tasks of a chunk one after the other", async () => {
  const { bus, time, calls } = await gatedBus();
  const handle = await bus.run(chunks(Double, inputs, 2));
  const underway: number[][] = [];
  for (let at = 0; at < 5;) {
    await time.rest();
    underway.push(calls.slice(at).map(({ n }) => n));
    for (const call of calls.slice(at)) call.give(2 * call.n);
    at = underway.flat().length;
  }
  expect(underway).toEqual([
    [1, 3, 5],
    [2, 4],
  ]);
  expect(await handle.result()).toEqual([[2, 4], [6, 8], [10]]);
  await expectRest(bus, time);
});

test("inputs are read and checked at once", () => {
  expect(() => map(Resize, [{ path: "a" }, { path: 3 as unknown as string }])).toThrow(InvalidEventError);
  const wrong = map as unknown as (...given: unknown[]) => void;
  expect(() => wrong(3, 4, { concurency: 2 })).toThrow(
    /task of map\(\) to be a task class[\s\S]*inputs of map\(\) to be iterable[\s\S]*Did you mean `concurrency`\?/,
  );
  expect(() => (chunks as unknown as typeof wrong)(Double, [], 0)).toThrow(/`size`/);
});
