/** Schedules that several processes have, and a store keeps. */
import { describe, expect, test } from "vitest";
import { type Delivery, Every, Subscriber, type Tick } from "../../src/index.js";
import { deferred } from "../support/virtual.js";
import { clockOf, HOUR, MINUTE, SECOND } from "./setup.js";
import type { Process } from "../support/processes.js";
import { LEASE, processes } from "./store-setup.js";

describe("on a store", () => {
  test("each time has one run, whichever of the processes it is in", async () => {
    const { time, ran, started } = processes();
    for (const name of ["a", "b", "c"]) await started(name, "* * * * *");
    await time.advance(5 * MINUTE);
    expect(ran).toEqual(["00:01", "00:02", "00:03", "00:04", "00:05"]);
  });

  test("intervals are the same for all processes, whenever they began", async () => {
    const { time, ran, started } = processes();
    await started("a", { every: "1m" });
    await time.advance(25 * SECOND);
    await started("b", { every: "1m" });
    await time.advance(3 * MINUTE);
    expect(ran).toEqual(["00:01", "00:02", "00:03"]);
  });

  test("a clock that goes back gives no time a second run", async () => {
    const { time, ran, started } = processes();
    const a = await started("a", "* * * * *");
    await started("b", "* * * * *");
    await time.advance(3 * MINUTE);
    a.wall.offset = -2 * MINUTE;
    await time.advance(2 * MINUTE);
    expect(ran).toEqual(["00:01", "00:02", "00:03", "00:04", "00:05"]);
  });

  test("clocks that are apart give a time one run, when the first of them comes to it", async () => {
    const { time, ran, started, all } = processes();
    const a = await started("a", "* * * * *");
    a.wall.offset = LEASE / 2; // by more than a lease each would give the other up, as with one clock nobody does
    await started("b", "* * * * *");
    await time.advance(3 * MINUTE);
    expect(ran).toEqual(["00:01", "00:02", "00:03"]);
    expect(all.map(({ ticks }) => ticks.length)).toEqual([3, 0]);
  });

  test.each([
    ["skip", "skip", ["00:05", "01:05 +11"]],
    ["once", "once", ["00:05", "01:00 +10", "01:05"]],
    ["all", { all: "13m" }, ["00:05", "00:50 +8", "00:55", "01:00", "01:05"]],
  ] as const)("times at which no process was there are missed ones: %s", async (_, missed, expected) => {
    const { time, ran, started, close } = processes();
    const options = { missed };
    const a = await started("a", "*/5 * * * *", options);
    await time.advance(6 * MINUTE);
    await close(a);
    await time.advance(56 * MINUTE);
    await started("b", "*/5 * * * *", options);
    await time.advance(5 * MINUTE);
    expect(ran).toEqual(expected);
  });

  test("the times of whoever began last hold, for all processes", async () => {
    const { time, ran, started } = processes();
    await started("a", "* * * * *");
    await time.advance(90 * SECOND);
    await started("b", "*/2 * * * *");
    await time.advance(5 * MINUTE);
    expect(ran).toEqual(["00:01", "00:02", "00:04", "00:06"]);
  });

  test("when the processes that began last are gone, the others take their schedule back", async () => {
    const { time, ran, started } = processes();
    await started("a", "* * * * *");
    const b = await started("b", "30 * * * * *");
    await time.advance(MINUTE);
    b.kill();
    await time.advance(5 * MINUTE);
    expect(ran.slice(0, 2)).toEqual(["00:00:30", "00:03"]);
    expect(ran).toHaveLength(5);
  });

  test("many that follow each other under one name leave one schedule", async () => {
    const { time, ran, started, schedule } = processes();
    const a = await started("a", "* * * * *");
    const b = await started("b", "* * * * *");
    for (let times = 0; times < 20; times++)
      for (const each of [a, b]) {
        each.job!.remove();
        schedule(each, times % 2 === 0 ? "*/2 * * * *" : "* * * * *");
      }
    await time.advance(3 * MINUTE);
    expect(ran).toEqual(["00:01", "00:02", "00:03"]);
  });
});

describe("a process that is killed in the middle of a run", () => {
  test("is followed by another within a lease, which runs for the same time under the same id", async () => {
    const { time, begun, start } = processes();
    const { all, subscribers } = lasting();
    const [a, b] = [begun("a", { subscribers }), begun("b", { subscribers })];
    for (const each of [a, b]) await start(each);
    await time.advance(MINUTE);
    expect(all).toHaveLength(1);
    [a, b].find(({ bus }) => bus.schedules.get("reports.sweep")?.last !== undefined)!.kill();
    await time.advance(LEASE);
    expect(all.map(({ due }) => due)).toEqual(["00:01", "00:01"]);
    expect(new Set(all.map(({ id }) => id))).toEqual(new Set(["reports.sweep@2026-01-01T00:01:00.000Z"]));
    await time.advance(10 * LEASE);
    expect(all).toHaveLength(2);
  });

  test("again and again, leaves a dead letter of its tick, and the next time comes", async () => {
    const { time, begun, start } = processes();
    const { all, subscribers } = lasting();
    let last!: Process;
    for (const name of ["a", "b", "c", "d", "e"]) {
      last = begun(name, { subscribers });
      await start(last);
      await time.advance(name === "a" ? MINUTE : 2 * LEASE);
      if (name !== "e") last.kill();
    }
    expect(all.filter(({ due }) => due === "00:01")).toHaveLength(4);
    const [letter] = await last.bus.deadLetters.list();
    expect([letter?.subscription, letter?.reason]).toEqual(["reports.sweep", "poison"]);
    expect(all.at(-1)!.due).toBe("00:02");
  });

  test("has published once, however often its function was called", async () => {
    const { time, ran, started, all } = processes();
    const a = await started("a", "* * * * *");
    await started("b", "* * * * *");
    a.bus.tap("test.swept", () => a.kill()); // it has published, and dies before it can say so
    await time.advance(MINUTE + 2 * LEASE);
    expect(all.map(({ ticks }) => ticks.length)).toEqual([1, 1]);
    expect(ran).toEqual(["00:01"]);
  });
});

describe("a process that cannot extend its lease", () => {
  test("steps down by its own clock: its run is told to end, and counts for nothing", async () => {
    const { time, begun, start } = processes();
    const { all, subscribers } = lasting();
    const a = begun("a", { subscribers });
    await start(a);
    await time.advance(MINUTE);
    silence(a);
    await time.advance(LEASE);
    expect(all[0]!.signal.aborted).toBe(true);
    all[0]!.end(new Error("aborted"));
    await time.rest();
    expect(a.bus.schedules.get("reports.sweep")!.last!.outcome).toBe("abandoned");
    const b = begun("b", { subscribers });
    await start(b);
    await time.advance(LEASE);
    expect(all.map(({ due }) => due)).toEqual(["00:01", "00:01"]);
  });
});

test("a run that a close ends is begun again by another process", async () => {
  const { time, begun, start } = processes();
  const { all, subscribers } = lasting();
  const a = begun("a", { subscribers });
  await start(a);
  await time.advance(MINUTE);
  await start(begun("b", { subscribers }));
  const closed = a.bus.close({ deadline: 10 });
  await time.advance(10);
  all[0]!.end(new Error("aborted"));
  await time.advance(2 * SECOND);
  await closed;
  await time.advance(LEASE);
  expect(all.map(({ due }) => due)).toEqual(["00:01", "00:01"]);
});

test("a schedule for every process runs in each of them", async () => {
  const { time, started, all } = processes();
  for (const name of ["a", "b"]) await started(name, "* * * * *", { audience: "each" });
  await time.advance(2 * MINUTE);
  expect(all.map(({ ticks }) => ticks.length)).toEqual([2, 2]);
});

test("a marked method whose name follows the code is refused at start, with what to add", async () => {
  class Reports {
    @Every("1m")
    sweep() {}
  }
  const { begun } = processes();
  await expect(begun("a", { subscribers: [Reports] }).bus.start()).rejects.toThrow(
    /Reports\.sweep has a name that follows the code.* Add a `name` to its @Subscriber and to its @Every/,
  );
});

test("a schedule whose store does not answer waits for it, and says so once", async () => {
  const { time, ran, started } = processes();
  const a = await started("a", "* * * * *");
  const speak = silence(a);
  await time.advance(2 * MINUTE);
  expect(ran).toEqual([]);
  const told = a.logged.filter(({ message }) =>
    message.includes("The store does not answer for schedule job"),
  );
  expect(told).toHaveLength(1);
  speak();
  await time.advance(MINUTE);
  expect(ran).toEqual(["00:02 +1", "00:03"]);
});

test("a paused schedule goes on in the other processes", async () => {
  const { time, ran, started } = processes();
  const a = await started("a", "* * * * *");
  await started("b", "* * * * *");
  a.job!.pause();
  await time.advance(2 * MINUTE);
  a.job!.resume();
  await time.advance(MINUTE);
  expect(ran).toEqual(["00:01", "00:02", "00:03"]);
});

test("runNow runs here, and no time is decided by it", async () => {
  const { time, ran, started } = processes();
  const a = await started("a", "0 * * * *");
  await a.job!.runNow();
  await time.advance(HOUR);
  expect(ran).toEqual(["00:00:00.010", "01:00"]);
});

/* A method of each process whose runs last until the test ends them. */
function lasting() {
  const all: { due: string; id: string; signal: AbortSignal; end: (error?: Error) => void }[] = [];
  @Subscriber({ name: "reports" })
  class Reports {
    @Every("1m", { name: "sweep" })
    sweep(tick: Tick, { signal, eventId }: Delivery): Promise<void> {
      const { promise, resolve, reject } = deferred();
      const end = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      all.push({ due: clockOf(tick.due), id: eventId, signal, end });
      return promise;
    }
  }
  return { all, subscribers: [Reports] };
}

/* Its store does not answer any more, until the answer is called. */
function silence({ store }: Process): () => void {
  const { lease, get, put } = store;
  const fail = (): never => {
    throw new Error("no answer");
  };
  Object.assign(store, { lease: fail, get: fail, put: fail });
  return () => Object.assign(store, { lease, get, put });
}
