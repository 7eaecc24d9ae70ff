import { expect, test } from "vitest";
import type { LaneOptions } from "../../src/delivery/policies.js";
import { BoundedLane } from "../../src/lane/lane.js";
import { laneLimits } from "../../src/lane/lane-options.js";
import { Timers } from "../../src/runtime/timers.js";
import { deferred, VirtualTime } from "../support/virtual.js";
import { type Item, subscription } from "./queueds.js";

/** A lane whose deliveries run until they are ended. */
function setup(options: LaneOptions) {
  const time = new VirtualTime();
  const { item } = subscription();
  const running = new Map<string, (isFailure: boolean) => void>();
  const told: string[] = [];
  let quiets = 0;
  const lane = new BoundedLane<Item>("lane", laneLimits(options), {
    runtime: time.runtime,
    timers: new Timers(time.runtime),
    runner: {
      start({ label }: Item): Promise<void> {
        const { promise, resolve, reject } = deferred();
        running.set(label, (isFailure) => (isFailure ? reject(new Error("failed")) : resolve()));
        return promise;
      },
      end(each: Item, _: unknown, isFailure: boolean): void {
        running.delete(each.label);
        if (each.standing !== "running") return;
        lane.attempted(isFailure);
        lane.end(each);
      },
    },
    notify: (name) => void told.push(name),
    quiet: () => quiets++,
  });
  const place = (label: string, key?: string): Item => {
    const each = item(label, key === undefined ? {} : { key });
    lane.claim();
    lane.place(each);
    return each;
  };
  const finish = async (label: string, isFailure = false): Promise<void> => {
    running.get(label)?.(isFailure);
    await time.rest();
  };
  return { time, lane, item, place, finish, running, told, quiets: () => quiets };
}

const labels = (running: ReadonlyMap<string, unknown>): string => [...running.keys()].join("");

test("since when the oldest waits is a date of the wall clock, and what waits for its retry is not asked", async () => {
  const { time, lane, place } = setup({ concurrency: 1 });
  expect(lane.oldest).toBeUndefined();
  const a = place("a");
  await time.advance(1_000);
  lane.hold(a, 60_000);
  expect([lane.retrying, lane.oldest]).toEqual([1, undefined]);
  lane.pause();
  place("b");
  await time.advance(500);
  place("c");
  await time.advance(500);
  expect(lane.oldest).toEqual(new Date(Date.UTC(2026, 0, 1) + 1_000));
});

test("the wait of a delivery is measured from its place to its start", async () => {
  const { time, lane, place } = setup({});
  lane.pause();
  await time.advance(1_000);
  place("a");
  await time.advance(800);
  lane.resume();
  await time.rest();
  expect(lane.waitMs.max).toBe(800);
});

test.each([0, -1, 1.5, Number.NaN, Infinity, "2"])("a concurrency of %s is refused by name", (value) => {
  const { lane } = setup({ concurrency: 3 });
  expect(() => (lane.concurrency = value as number)).toThrow(TypeError);
  expect(() => (lane.concurrency = value as number)).toThrow("concurrency of lane `lane`");
  expect(lane.concurrency).toBe(3);
});

test("there is room for as many as there are places, and for none where a newcomer supersedes", () => {
  const { lane, place } = setup({ capacity: 3 });
  place("a");
  expect([1, 2, 3].map((count) => lane.hasRoomFor(count))).toEqual([true, true, false]);
  expect(setup({ capacity: 3, overflow: "coalesce" }).lane.hasRoomFor(1)).toBe(false);
});

test("one that ends while it waits gives its place to the publish that waits for one", () => {
  const { lane, place } = setup({ capacity: 1 });
  lane.pause();
  const a = place("a");
  const granted: string[] = [];
  lane.wait({ granted: () => void granted.push("b"), isOwed: false, isGone: false });
  lane.end(a);
  expect(granted).toEqual(["b"]);
  lane.end(a);
  expect([lane.waitingPublishes, lane.hasRoomFor(1)]).toEqual([0, false]);
});

test("one that never had a place gives none back", () => {
  const { lane, item } = setup({ capacity: 1 });
  lane.end(item("a"));
  expect([lane.hasRoomFor(1), lane.hasRoomFor(2)]).toEqual([true, false]);
});

test("one that runs has given its place back already", async () => {
  const { time, lane, place, finish, running } = setup({ capacity: 1, concurrency: 1 });
  place("a");
  await time.rest();
  expect(lane.hasRoomFor(1)).toBe(true);
  place("b");
  await finish("a");
  expect(labels(running)).toBe("b");
  expect([lane.hasRoomFor(1), lane.hasRoomFor(2)]).toEqual([true, false]);
});

test("a breaker that lets the lane go on wakes as many slots as there are deliveries", async () => {
  const { time, place, finish, running, told } = setup({
    concurrency: 3,
    breaker: { failures: 1, pause: "1s" },
  });
  place("a");
  await time.rest();
  await finish("a", true);
  for (const label of ["b", "c", "d", "e"]) place(label);
  await time.advance(1_000);
  expect(labels(running)).toBe("b");
  await finish("b");
  expect(labels(running)).toBe("cde");
  expect(told).toEqual(["lane.paused", "lane.resumed"]);
});

test("a probe of the breaker that is given up makes room for another", async () => {
  const { time, lane, place, finish, running } = setup({
    concurrency: 2,
    breaker: { failures: 1, pause: "1s" },
  });
  place("a");
  await time.rest();
  await finish("a", true);
  const probe = place("b");
  await time.advance(1_000);
  place("c");
  await time.rest();
  expect(labels(running)).toBe("b");
  lane.end(probe);
  await time.rest();
  expect(labels(running)).toBe("bc");
});

test("a lane is quiet when nothing can start before a timer or a publish, and not before", async () => {
  const { time, lane, place, finish, quiets } = setup({ concurrency: 1 });
  place("a");
  place("b");
  await time.rest();
  lane.idle();
  expect([quiets(), lane.isQuiet]).toEqual([0, false]);
  lane.pause();
  expect(quiets()).toBe(0);
  await finish("a");
  expect([quiets(), lane.isQuiet]).toEqual([1, true]);
});

test("a pause makes a lane quiet at once where nothing runs", () => {
  const { lane, place, quiets, told } = setup({});
  place("a");
  expect(lane.isQuiet).toBe(false);
  lane.pause();
  lane.pause();
  expect([quiets(), told]).toEqual([1, ["lane.paused"]]);
});

test("a lane is empty when nothing waits, retries or runs, and unused when nobody has or wants a place", async () => {
  const { time, lane, place, finish } = setup({ concurrency: 1 });
  const facts = () => [lane.isEmpty, lane.isUnused];
  expect(facts()).toEqual([true, true]);
  lane.claim();
  expect(facts()).toEqual([true, false]);
  lane.release();
  const waiter = { granted: () => undefined, isOwed: false, isGone: false };
  lane.wait(waiter);
  expect(facts()).toEqual([true, false]);
  lane.stopWaiting(waiter);
  const a = place("a");
  expect(facts()).toEqual([false, false]);
  await time.rest();
  expect(facts()).toEqual([false, false]);
  lane.excused = 1;
  expect(facts()).toEqual([true, false]);
  lane.excused = 0;
  lane.hold(a, 1_000);
  expect(facts()).toEqual([false, false]);
  lane.end(a);
  await finish("a");
  expect(facts()).toEqual([true, true]);
});
