import { expect, test } from "vitest";
import { virtualBus } from "../support/virtual.js";
import { n, Ping } from "./setup.js";

type Priority = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A lane of one slot, held back until all is published. */
async function setup() {
  const { bus, time } = virtualBus({ lanes: { one: { concurrency: 1 } } });
  const seen: number[] = [];
  bus.on(
    Ping,
    { lane: "one", retry: { attempts: 2, delay: 0, jitter: false } },
    ({ n: number }) => void seen.push(number),
  );
  await bus.start();
  const lane = bus.lanes.get("one")!;
  lane.pause();
  const publish = async (number: number, priority?: Priority, key?: string): Promise<void> =>
    void (await bus.publish(new Ping({ n: number }), { priority, key }));
  const run = async (): Promise<number[]> => {
    lane.resume();
    await time.rest();
    return seen;
  };
  return { publish, run };
}

test("7 goes first, 3 is the default, and equals go in order", async () => {
  const { publish, run } = await setup();
  for (const [number, priority] of [3, 0, 7, undefined, 4, 7, 2].entries())
    await publish(number, priority as Priority | undefined);
  expect(await run()).toEqual([2, 5, 4, 0, 3, 6, 1]);
});

test("the lowest moves under any load: every sixteenth turn is its", async () => {
  const { publish, run } = await setup();
  await publish(-1, 0);
  await publish(-2, 0);
  for (const each of n(60)) await publish(each, 7);
  const seen = await run();
  expect([seen.indexOf(-1), seen.indexOf(-2)]).toEqual([15, 31]);
});

test("the order of a key beats priority: a key competes with the priority of its head", async () => {
  const { publish, run } = await setup();
  await publish(0, 1, "k");
  await publish(1, 7, "k");
  await publish(2, 5);
  await publish(3, 3);
  expect(await run()).toEqual([2, 3, 0, 1]);
});
