/** A group for each process: its dead letters, and where a replay of them goes. */
import { expect, test } from "vitest";
import type { Bus } from "signalbox";
import { Noted, until } from "../support/kept-items.js";
import { describeStores, type Place } from "./places.js";

function caches({ bus: made }: Place) {
  const got: string[] = [];
  const broken = new Set<string>();
  const started = async (name: string): Promise<Bus> => {
    const bus = made();
    bus.on(Noted, { name: "cache", audience: "each" }, ({ id }) => {
      if (broken.has(name)) throw new Error("down");
      got.push(`${name} ${id}`);
    });
    await bus.start();
    return bus;
  };
  return { made, got, broken, started };
}

async function letterOf(bus: Bus) {
  for (;;) {
    const [letter] = await bus.deadLetters.list();
    if (letter !== undefined) return letter;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describeStores("a group for each process", (setup) => {
  test("a dead letter of it goes back to the process that failed, whoever replays it", async () => {
    const { got, broken, started } = caches(setup());
    broken.add("one");
    const [one, two] = [await started("one"), await started("two")];
    await one.publish(new Noted({ id: "a" }));
    const letter = await letterOf(two);
    await until(() => got.length === 1);
    broken.clear();
    await two.deadLetters.replay(letter);
    await until(() => got.length === 2);
    expect(got).toEqual(["two a", "one a"]);
    expect(await one.deadLetters.count()).toBe(0);
  });

  test("a dead letter of a process that left goes to the one that replays it, if that has the subscription", async () => {
    const { made, got, broken, started } = caches(setup());
    broken.add("one");
    const one = await started("one");
    await one.publish(new Noted({ id: "a" }));
    await letterOf(one);
    await one.close();
    const stranger = made();
    await stranger.start();
    const letter = await letterOf(stranger);
    await expect(stranger.deadLetters.replay(letter)).rejects.toThrow(
      "is of a cache that has left, and this bus has none. Replay it where one runs, or discard it.",
    );
    expect(await stranger.deadLetters.count()).toBe(1);
    const next = await started("next");
    await next.deadLetters.replay(letter);
    await until(() => got.length === 1);
    expect(got).toEqual(["next a"]);
  });
});
