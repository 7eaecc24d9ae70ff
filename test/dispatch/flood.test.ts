/** Ten thousand of a kind, and more: nothing is lost, nothing starves, nothing is over its capacity. */
import { expect, test } from "vitest";
import { waits } from "../../src/runtime/wait-for.js";
import { virtualBus } from "../support/virtual.js";
import { counts, Keyed, n, Ping, Pong } from "./setup.js";

test("100,000 events through a fast A into a slow B, all defaults: none is lost, B keeps to its capacity", async () => {
  const { bus } = virtualBus();
  await bus.start();
  let fullest = 0;
  let mostWaits = 0;
  let handled = 0;
  // At every instant at which it can change: when one is taken in, and before the next is taken out.
  const look = (): void => {
    fullest = Math.max(fullest, bus.lanes.get("b")!.waiting);
    mostWaits = Math.max(mostWaits, waits());
  };
  bus.on(Ping, { name: "a" }, async ({ n: number }, { publish }) => {
    const published = publish(new Pong({ n: number }));
    look();
    await published;
    look();
  });
  bus.on(Pong, { name: "b", lane: { concurrency: 1 } }, async () => {
    look();
    for (let step = 0; step < 3; step++) await Promise.resolve();
    handled++;
    look();
  });
  for (let batch = 0; batch < 10; batch++)
    await Promise.all(n(10_000).map((each) => bus.publish(new Ping({ n: each }))));
  await bus.idle();
  expect([handled, bus.deadLetters.size, waits()]).toEqual([100_000, 0, 0]);
  expect(fullest).toBe(10_000); // it was full, and never more than that,
  expect(mostWaits).toBeGreaterThan(1); // because A waited
  for (const name of ["a", "b"])
    expect(counts(bus, name)).toMatchObject({ routed: 100_000, handled: 100_000 });
}, 60_000);

/** A lane of one slot that has 10,000 events of key "flood" waiting; `during` hears of each of them as it runs. */
async function flooded(during: (publish: (key: string) => void, turn: number) => void = () => undefined) {
  const { bus, time } = virtualBus({ lanes: { one: { concurrency: 1, capacity: 20_000 } } });
  const seen: string[] = [];
  const publish = (key: string): void => void bus.publish(new Keyed({ key, n: seen.length }));
  bus.on(Keyed, { name: "s", lane: "one" }, ({ key, n: number }) => {
    seen.push(key === "flood" ? `flood ${number}` : key);
    if (key === "flood") during(publish, seen.length);
  });
  await bus.start();
  const lane = bus.lanes.get("one")!;
  lane.pause();
  await bus.publish(n(10_000).map((each) => new Keyed({ key: "flood", n: each })));
  const drain = async (): Promise<void> => {
    lane.resume();
    await bus.idle();
    await time.rest();
  };
  const ofFlood = (): string[] => seen.filter((each) => each.startsWith("flood"));
  return { publish, drain, seen, ofFlood };
}

test("beside 10,000 events of one key, nine keys with one event each are served within as many turns as there are keys", async () => {
  const { publish, drain, seen, ofFlood } = await flooded();
  const others = n(9).map((each) => `key ${each}`);
  for (const key of others) publish(key);
  await drain();
  expect(seen.slice(0, 10)).toEqual(["flood 0", ...others]);
  expect(ofFlood()).toEqual(n(10_000).map((each) => `flood ${each}`));
});

test("a key that comes while another has thousands waiting is served in the next turn but one", async () => {
  const came: number[] = [];
  const { drain, seen, ofFlood } = await flooded((publish, turn) => {
    if (turn % 1_000 !== 500) return;
    came.push(turn);
    publish(`late ${turn}`);
  });
  await drain();
  expect(came.length).toBe(10);
  for (const turn of came) expect(seen.slice(turn, turn + 2)).toContain(`late ${turn}`);
  expect(ofFlood().length).toBe(10_000);
});
