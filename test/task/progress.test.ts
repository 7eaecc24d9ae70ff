/** What a handler reports of its progress, and who gets it. */
import { expect, test } from "vitest";
import { virtualBus } from "../support/virtual.js";
import { deferred } from "../support/virtual.js";
import { Nothing, reported } from "./setup.js";

async function setup() {
  const { bus, time } = virtualBus();
  const [begin, gate] = [deferred(), deferred()];
  bus.handle(Nothing, async (_, delivery) => {
    await begin.promise;
    delivery.progress(1, 3, "first");
    delivery.progress(2, 3);
    await gate.promise;
    delivery.progress(3, 3, "last");
  });
  await bus.start();
  return { bus, time, begin, gate, handle: await bus.run(new Nothing()) };
}

test("progress is what the handler reports, until the task ends", async () => {
  const { begin, gate, handle } = await setup();
  const all = reported(handle);
  begin.resolve();
  gate.resolve();
  expect(await all).toEqual([
    { done: 1, total: 3, note: "first" },
    { done: 2, total: 3, note: undefined },
    { done: 3, total: 3, note: "last" },
  ]);
});

test("who comes later gets the latest first", async () => {
  const { time, begin, gate, handle } = await setup();
  begin.resolve();
  await time.rest();
  const late = reported(handle);
  await time.rest();
  gate.resolve();
  expect((await late).map(({ done }) => done)).toEqual([2, 3]);
  expect((await reported(handle)).map(({ done }) => done)).toEqual([3]);
});

test("a slow reader keeps a thousand reports, then the oldest go", async () => {
  const { bus, time } = virtualBus();
  const gate = deferred();
  bus.handle(Nothing, async (_, delivery) => {
    await gate.promise;
    for (let n = 1; n <= 1_500; n++) delivery.progress(n, 1_500);
  });
  await bus.start();
  const handle = await bus.run(new Nothing());
  const reader = handle.progress[Symbol.asyncIterator]();
  const first = reader.next();
  gate.resolve();
  await time.rest();
  expect((await first).value).toMatchObject({ done: 501 });
  let count = 1;
  while ((await reader.next()).done !== true) count++;
  expect(count).toBe(1_000);
});

test("who stops reading leaves nothing behind", async () => {
  const { time, begin, gate, handle } = await setup();
  begin.resolve();
  for await (const { done } of handle.progress) if (done === 2) break;
  gate.resolve();
  await handle.result();
  await time.rest();
  expect(handle.state).toBe("done");
});

test("what an attempt reports when it is over is not heard", async () => {
  const { bus, time } = virtualBus();
  let late!: () => void;
  bus.handle(Nothing, (_, delivery) => {
    late = () => delivery.progress(9, 9);
  });
  await bus.start();
  const handle = await bus.run(new Nothing());
  await time.rest();
  late();
  expect(await reported(handle)).toEqual([]);
});

test("what a failed attempt reports later is not heard while the next one runs", async () => {
  const { bus, time } = virtualBus();
  const late: (() => void)[] = [];
  bus.handle(Nothing, { retry: { attempts: 2, delay: 10 } }, (_, delivery) => {
    late.push(() => delivery.progress(delivery.attempt, 2));
    if (delivery.attempt === 1) throw new Error("again");
    return delivery.sleep(1_000);
  });
  await bus.start();
  const handle = await bus.run(new Nothing());
  const all = reported(handle);
  await time.advance(100);
  for (const report of late) report();
  await time.advance(1_000);
  expect((await all).map(({ done }) => done)).toEqual([2]);
});

test("progress that is no progress is a TypeError", async () => {
  const { bus } = virtualBus();
  bus.handle(Nothing, (_, delivery) => delivery.progress(Number.NaN, 1));
  await bus.start();
  const handle = await bus.run(new Nothing());
  await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(TypeError) as TypeError });
});
