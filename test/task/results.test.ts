/** Results by id: how many are kept, and for how long. */
import { expect, test } from "vitest";
import { Add, Double, gatedBus, seen } from "./setup.js";
import { virtualBus } from "../support/virtual.js";

async function setup(results: { max?: number; maxAge?: number } = {}) {
  const { bus, time } = virtualBus({ results });
  bus.handle(Add, ({ a, b }) => a + b);
  await bus.start();
  const add = async (a: number, id?: string) => {
    const handle = await bus.run(new Add({ a, b: 1 }), id === undefined ? {} : { id });
    await time.rest();
    return handle;
  };
  return { bus, time, add };
}

test("a result is there by its id for whoever asks later, typed where the task is named", async () => {
  const { bus, add } = await setup();
  const { id } = await add(1);
  const found: number | undefined = await bus.results.get(id, Add)?.result();
  expect(found).toBe(2);
  expect(bus.results.get(id)?.state).toBe("done");
  expect(bus.results.get(id, Double)).toBeUndefined();
  expect(bus.results.get("nobody")).toBeUndefined();
});

test("the oldest results go when there are more than max", async () => {
  const { bus, add } = await setup({ max: 2 });
  const ids = [];
  for (const n of [1, 2, 3]) ids.push((await add(n)).id);
  expect(ids.map((id) => bus.results.get(id)?.state)).toEqual([undefined, "done", "done"]);
  expect(bus.results.size).toBe(2);
});

test("results go when they are older than maxAge", async () => {
  const { bus, time, add } = await setup({ maxAge: 1_000 });
  const own = await add(1, "mine");
  await time.advance(999);
  expect(bus.results.get("mine")?.state).toBe("done");
  await time.advance(1);
  expect([bus.results.get("mine"), bus.results.size]).toEqual([undefined, 0]);
  expect(await own.result()).toBe(2);
});

test("what goes on is there, however many have ended", async () => {
  const { bus, time, calls } = await gatedBus({ results: { max: 1 } });
  const waiting = await bus.run(new Double({ n: 1 }));
  for (let n = 0; n < 5; n++) await bus.run(new Double({ n }));
  await time.rest();
  for (const call of calls.slice(1)) call.give(0);
  await time.rest();
  expect(bus.results.get(waiting.id)).toBe(waiting);
  calls[0]!.give(2);
  expect(await waiting.result()).toBe(2);
});

test("the replay of a dead letter has a result of its own, under the id of the task", async () => {
  const { bus, time, calls } = await gatedBus();
  const failed = await bus.run(new Double({ n: 1 }), { id: "again" });
  const result = seen(failed);
  await time.rest();
  calls[0]!.fail(new Error("broken"));
  await time.rest();
  await bus.deadLetters.replay((await bus.deadLetters.list())[0]!);
  await time.rest();
  const replayed = bus.results.get("again", Double)!;
  expect(replayed.state).toBe("running");
  calls[1]!.give(2);
  expect(await replayed.result()).toBe(2);
  expect([failed.state, result.times]).toEqual(["failed", 1]);
});

test("ids of many runs, given and made, are told apart", async () => {
  const { bus, add } = await setup();
  const made = await Promise.all(Array.from({ length: 600 }, (_, a) => add(a)));
  await add(-1, `${made[0]!.id}x`);
  const values = await Promise.all(made.map(({ id }) => bus.results.get(id, Add)!.result()));
  expect(values).toEqual(made.map((_, a) => a + 1));
  expect(await bus.results.get(`${made[0]!.id}x`)?.result()).toBe(0);
});
