import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { describe, expect, it, vi } from "vitest";
import type { Host } from "../../src/runtime/host.js";
import { processRuntime } from "../../src/runtime/runtime.js";
import { Timers } from "../../src/runtime/timers.js";
import { deferred, VirtualTime } from "../support/virtual.js";

function setup(host: Partial<Host> = {}) {
  const time = new VirtualTime();
  const runtime = { ...time.runtime, host: { ...time.runtime.host, ...host } };
  const timers = new Timers(runtime);
  const ran: string[] = [];
  const set = (ms: number, name: string) => timers.after(ms, () => void ran.push(name), "test");
  return { time, timers, ran, set };
}

describe("timers", () => {
  it("run in order of time, and of their setting where the time is the same", async () => {
    const { time, ran, set } = setup();
    set(20, "c");
    set(10, "a");
    set(20, "d");
    set(10, "b");
    set(0, "now");
    await time.advance(20);
    expect(ran).toEqual(["now", "a", "b", "c", "d"]);
  });

  it("keep their order among thousands, set and cancelled at random", async () => {
    const { time, timers, set, ran } = setup();
    const { random } = time.runtime.host;
    const expected: { due: number; name: string }[] = [];
    for (let n = 0; n < 5_000; n++) {
      const due = Math.floor(random() * 500);
      const timer = set(due, `${n}`);
      if (random() < 0.6) timer.cancel();
      else expected.push({ due, name: `${n}` });
    }
    expect(timers.size).toBe(expected.length);
    await time.advance(500);
    expect(ran).toEqual(expected.sort((a, b) => a.due - b.due).map(({ name }) => name));
    expect([timers.size, time.timers]).toEqual([0, 0]);
  });

  it("use one timer of the host, and none when nothing is set", async () => {
    const { time, timers, set } = setup();
    const all = [30, 10, 20].map((ms) => set(ms, `${ms}`));
    expect([time.timers, timers.size]).toEqual([1, 3]);
    for (const timer of all) timer.cancel();
    expect([time.timers, timers.size]).toEqual([0, 0]);
  });

  it("may be cancelled twice, or after they ran", async () => {
    const { time, timers, ran, set } = setup();
    const [a, b] = [set(10, "a"), set(20, "b")];
    b.cancel();
    b.cancel();
    await time.advance(10);
    a.cancel();
    expect([ran, timers.size]).toEqual([["a"], 0]);
    set(5, "c");
    expect(timers.size).toBe(1);
    await time.advance(5);
    expect(ran).toEqual(["a", "c"]);
  });

  it("may set and cancel others while they run", async () => {
    const { time, timers, ran, set } = setup();
    timers.after(10, () => (later.cancel(), set(0, "at once"), set(5, "soon")), "test");
    const later = set(10, "never");
    await time.advance(20);
    expect(ran).toEqual(["at once", "soon"]);
    expect([timers.size, time.timers]).toEqual([0, 0]);
  });

  it("are all gone after clear(), and may be set again", async () => {
    const { time, timers, ran, set } = setup();
    const old = set(10, "old");
    timers.clear();
    old.cancel();
    expect([timers.size, time.timers]).toEqual([0, 0]);
    set(10, "new");
    await time.advance(10);
    expect(ran).toEqual(["new"]);
  });

  it("wait on when the host wakes them early, as it does for delays beyond its maximum", async () => {
    const most = 1_000;
    const time = new VirtualTime();
    const { host } = time.runtime;
    const short = { ...host, timer: (run: () => void, ms: number) => host.timer(run, Math.min(ms, most)) };
    const timers = new Timers({ ...time.runtime, host: short });
    let ranAt: number | undefined;
    timers.after(10_500, () => (ranAt = host.monotonic()), "test");
    await time.advance(10_499);
    expect(ranAt).toBeUndefined();
    await time.advance(1);
    expect(ranAt).toBe(10_500);
  });

  it("of sixty days are set for as long as the process can, not beyond, where it would fire at once", () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const timers = new Timers(processRuntime);
    const ran: string[] = [];
    timers.after(60 * 86_400_000, () => ran.push("too soon"), "test");
    expect(set.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1]);
    timers.clear();
    set.mockRestore();
    expect([ran, timers.size]).toEqual([[], 0]);
  });

  it("go on when one of them throws", async () => {
    const { time, timers, ran, set } = setup();
    timers.after(
      10,
      () => {
        throw new Error("bad");
      },
      "test",
    );
    set(10, "same time");
    set(20, "later");
    await expect(time.advance(30)).rejects.toThrow("bad");
    await time.advance(30);
    expect(ran).toEqual(["same time", "later"]);
  });

  it("run in nobody's async context, whoever set the first of them", async () => {
    const tenants = new AsyncLocalStorage<string>();
    const time = new VirtualTime();
    const { host } = time.runtime;
    const timer = (run: () => void, ms: number) => host.timer(AsyncResource.bind(run), ms);
    const timers = new Timers({ ...time.runtime, host: { ...host, timer } });
    const seen: unknown[] = [];
    tenants.run("one", () => timers.after(10, () => seen.push(tenants.getStore()), "test"));
    tenants.run("two", () => timers.after(10, () => seen.push(tenants.getStore()), "test"));
    await time.advance(10);
    expect(seen).toEqual([undefined, undefined]);
  });

  it("follow the monotonic clock, however the wall clock jumps", async () => {
    let wall = 0;
    const { time, ran, set } = setup({ now: () => wall });
    set(1_000, "a");
    wall = -1e12;
    await time.advance(999);
    wall = 1e12;
    expect(ran).toEqual([]);
    await time.advance(1);
    expect(ran).toEqual(["a"]);
  });
});

describe("timers under a hand-over", () => {
  it("are held where they are due, and may still be cancelled there", async () => {
    const points: string[] = [];
    const gates: ReturnType<typeof deferred<void>>[] = [];
    const time = new VirtualTime({
      handOver: (point, about) => {
        points.push(`${point} ${about}`);
        const gate = deferred();
        gates.push(gate);
        return gate.promise;
      },
    });
    const timers = new Timers(time.runtime);
    const ran: string[] = [];
    timers.after(10, () => ran.push("a"), "first");
    const second = timers.after(10, () => ran.push("b"), "second");
    await time.advance(10);
    expect([points, ran]).toEqual([["timer first", "timer second"], []]);
    second.cancel();
    for (const gate of gates) gate.resolve();
    await time.rest();
    expect([ran, timers.size]).toEqual([["a"], 0]);
  });
});
