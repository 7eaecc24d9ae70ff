import { describe, expect, test } from "vitest";
import type { Seed } from "../../src/lane/queued.js";
import { Arrivals } from "../../src/lane/arrivals.js";
import { Line } from "../../src/lane/line.js";
import { Timers } from "../../src/runtime/timers.js";
import { VirtualTime } from "../support/virtual.js";
import { type Item, labels, momentAt, subscription } from "./queueds.js";

function setup({ keepsArrivals = false } = {}) {
  const time = new VirtualTime();
  const { standings, keys, item } = subscription();
  let ready = 0;
  const line = new Line<Item>(new Timers(time.runtime), () => ready++, {
    arrivals: keepsArrivals ? new Arrivals<Item>(false) : undefined,
  });
  const oldest = (): Item | undefined => line.firstToGo(item("newcomer"));
  const join = (label: string, options?: { key?: string; priority?: number }): Item => {
    const each = item(label, options);
    line.join(each, momentAt(0));
    return each;
  };
  const take = (): Item => {
    const each = line.take(0)!;
    each.attempts++;
    return each;
  };
  return { time, line, standings, keys, item, join, take, oldest, ready: () => ready };
}

test("the counts of the lane and of the subscription say where each stands", async () => {
  const { time, line, standings, join, take } = setup();
  const [a] = [join("a"), join("b"), join("c")];
  expect(standings).toEqual({ waiting: 3, running: 0, retrying: 0 });
  take();
  expect(standings).toEqual({ waiting: 2, running: 1, retrying: 0 });
  line.hold(a, 100, () => momentAt(0));
  expect(standings).toEqual({ waiting: 2, running: 0, retrying: 1 });
  expect([line.waiting, line.running, line.retrying, line.ready]).toEqual([2, 0, 1, 2]);
  await time.advance(100);
  expect(standings).toEqual({ waiting: 3, running: 0, retrying: 0 });
  line.end(a);
  expect([line.waiting, line.ready]).toEqual([2, 2]);
});

test("a retry keeps its key: whatever comes behind it waits until it is final", async () => {
  const { time, line, join, take } = setup();
  const a = join("a", { key: "k" });
  join("b", { key: "k" });
  take();
  line.hold(a, 100, () => momentAt(0));
  expect(line.ready).toBe(0);
  await time.advance(100);
  expect(take()).toBe(a);
  expect(line.ready).toBe(0);
  line.end(a);
  expect(take().label).toBe("b");
});

test("one that ends while it waits for its retry leaves no timer, and its key goes on", () => {
  const { time, line, join, take } = setup();
  const a = join("a", { key: "k" });
  join("b", { key: "k" });
  take();
  line.hold(a, 100, () => momentAt(0));
  line.end(a);
  expect([time.timers, line.retrying, line.ready]).toEqual([0, 0, 1]);
});

test("the oldest is the first that came and never started, whatever its priority", () => {
  const { line, join, take, oldest } = setup({ keepsArrivals: true });
  join("a", { priority: 0 });
  const b = join("b", { priority: 7 });
  const c = join("c", { key: "k" });
  expect(oldest()?.label).toBe("a");
  expect(take()).toBe(b);
  line.end(oldest()!);
  expect(oldest()).toBe(c);
  take();
  expect(oldest()).toBeUndefined();
});

test("one that ran is not among the oldest again when it waits for its next attempt", async () => {
  const { time, line, join, take, oldest } = setup({ keepsArrivals: true });
  const a = join("a");
  take();
  join("b");
  line.hold(a, 100, () => momentAt(100));
  await time.advance(100);
  expect([a.standing, oldest()?.label]).toEqual(["waiting", "b"]);
});

test("the oldest is still known when many that came after it have ended", () => {
  const { line, join, oldest } = setup({ keepsArrivals: true });
  const a = join("a");
  for (let flood = 0; flood < 100; flood++) line.end(join("z"));
  join("b");
  expect(oldest()).toBe(a);
  line.end(a);
  expect(oldest()?.label).toBe("b");
});

test("who comes behind its key is ready when the head ends; only behind one that ran a slot is there already", () => {
  const { line, join, take, ready } = setup();
  const [a, b] = [join("a", { key: "k" }), join("b", { key: "k" })];
  join("c", { key: "k" });
  expect(ready()).toBe(1);
  take();
  line.end(a);
  expect([line.ready, ready()]).toEqual([1, 1]);
  line.end(b);
  expect([line.ready, ready()]).toEqual([1, 2]);
});

test("what is due at a moment is not due after it", () => {
  const { line, join, take } = setup();
  join("a");
  join("b");
  for (const ms of [100, 101]) line.hold(take(), ms, () => momentAt(1_000));
  expect(labels(line.retryingAfter(1_099))).toBe("ab");
  expect(labels(line.retryingAfter(1_100))).toBe("b");
});

test("standing leaves out what has ended behind a key", () => {
  const { line, join } = setup();
  join("a", { key: "k" });
  join("b", { key: "k" });
  const c = join("c", { key: "k" });
  join("d", { key: "k" });
  line.end(c);
  expect(labels(line.standing([]))).toBe("abd");
});

test("standing lists whatever waits or retries, those behind a key that runs included", () => {
  const { line, join, take } = setup();
  const a = join("a", { key: "k" });
  join("b", { key: "k" });
  join("c", { key: "l" });
  join("d");
  join("e", { key: "l" });
  expect(labels(line.standing([]))).toBe("abced");
  expect(take()).toBe(a);
  expect(labels(line.standing([a]))).toBe("cedb");
  const c = take();
  line.hold(c, 10, () => momentAt(0));
  expect(labels(line.standing([a]))).toBe("dceb");
});

test("a newcomer supersedes in place, behind a key and at its head", () => {
  const { line, item, join, take } = setup();
  const old = join("a", { key: "k" });
  join("b");
  const newcomer = item("n", { key: "k" });
  expect(line.supersede(newcomer, momentAt(0))).toBe(old);
  expect([line.waiting, line.ready]).toEqual([2, 2]);
  expect(take()).toBe(newcomer);
  const behind = join("x", { key: "k" });
  expect(line.supersede(item("y", { key: "k" }), momentAt(0))).toBe(behind);
  expect(take().label).toBe("b");
  line.end(newcomer);
  expect(take().label).toBe("y");
});

test("a superseded head that ends before its turn gives its key to the next", () => {
  const { line, item, join, take } = setup();
  join("a", { key: "k" });
  const newcomer = item("n", { key: "k" });
  line.supersede(newcomer, momentAt(0));
  line.end(newcomer);
  expect([line.waiting, line.ready]).toEqual([0, 0]);
  join("b", { key: "k" });
  expect(take().label).toBe("b");
});

describe("seeds", () => {
  function sown(...names: readonly string[]) {
    const bundle = setup();
    const { line, standings, item } = bundle;
    const grow = (seed: Seed): Item => item((seed as Seed & { readonly name: string }).name);
    line.servesOnly({ standings, grow });
    const sow = (name: string): void =>
      line.sow({ priority: 3, moment: momentAt(0), name } as Seed & { readonly name: string });
    for (const name of names) sow(name);
    return { ...bundle, sow };
  }

  test("wait in one order with deliveries, and grow when they are taken", () => {
    const { line, standings, join, sow, take } = sown("a");
    join("b");
    sow("c");
    expect([line.waiting, line.ready, standings.waiting]).toEqual([3, 3, 3]);
    expect([take(), take(), take()].map((each) => each.label)).toEqual(["a", "b", "c"]);
    expect(standings).toEqual({ waiting: 0, running: 3, retrying: 0 });
  });

  test("grow where they stand when somebody must have a look at what waits, and may end there", () => {
    const { line, standings, take } = sown("a", "b", "c");
    const [, b] = [...line.standing([])];
    expect(b).toMatchObject({ label: "b", standing: "waiting" });
    line.end(b!);
    expect([line.waiting, line.ready, standings.waiting]).toEqual([2, 2, 2]);
    expect([take(), take()].map((each) => each.label)).toEqual(["a", "c"]);
  });

  test("stay as they are for whoever only counts them", () => {
    const { line } = sown("a", "b");
    expect(Array.from(line.entries([]), (entry) => entry.standing)).toEqual([undefined, undefined]);
  });

  test("are not taken where the oldest may have to go", () => {
    const { line, standings, item } = setup({ keepsArrivals: true });
    line.servesOnly({ standings, grow: () => item("a") });
    expect(line.takesSeeds).toBe(false);
  });
});
