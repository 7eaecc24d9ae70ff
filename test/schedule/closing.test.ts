/** The end of a bus that has schedules: nothing more runs, and what was due and had to wait is named. */
import { expect, test } from "vitest";
import { Every } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { ShelfStore } from "../transport/transports.js";
import { HOUR, lasting, MINUTE, scheduled, Tidied } from "./setup.js";

test("close() stops the ticks, lets what runs end, and leaves no timer", async () => {
  const { bus, time, ran } = await scheduled({ every: "1h" });
  await time.advance(HOUR);
  expect(await bus.close()).toEqual({ drained: 0, aborted: [], released: [], abandoned: [] });
  expect(time.timers).toBe(0);
  await time.advance(5 * HOUR);
  expect(ran).toEqual(["01:00"]);
});

test("close() names what was due and waited for the end of a run", async () => {
  const { handle, ends } = lasting();
  const { bus, time, ran, job } = await scheduled({ every: "1h" }, { overlap: "queue" }, handle);
  await time.advance(3 * HOUR);
  const closing = bus.close();
  ends[0]!();
  await time.rest();
  expect((await closing).abandoned).toEqual(["job (due 2026-01-01T02:00:00.000Z)"]);
  expect([ran, bus.atRisk, job.next()]).toEqual([["01:00"], 0, []]);
});

test("a tick that waits in its lane is abandoned by name", async () => {
  const { bus, time, job } = await scheduled({ every: "1h" }, { lane: { concurrency: 1 } });
  bus.lanes.get("job")!.pause();
  await time.advance(HOUR);
  const { abandoned } = await bus.close();
  expect(abandoned).toEqual([expect.stringMatching(/^job \(signalbox\.tick test-/)]);
  expect(job.last?.outcome).toBe("abandoned");
});

test("idle() does not wait for times to come", async () => {
  const { bus, time } = await scheduled({ every: "1h" });
  await bus.idle();
  await time.advance(MINUTE);
  expect(bus.atRisk).toBe(0);
});

test("a run that cannot begin is told in the log, and the next time tries again", async () => {
  let isBroken = true;
  const stamp = (): Record<string, string> => {
    if (isBroken) throw new Error("no tenant");
    return {};
  };
  const { bus, time, logged } = virtualBus({ stamp });
  const missed: number[] = [];
  bus.on(Tidied, (event) => void missed.push(event.missed));
  const job = bus.schedule("job", { every: "1h" }, (tick) => new Tidied({ due: "", missed: tick.missed }));
  await bus.start();
  await time.advance(HOUR);
  expect(job.last?.outcome).toBe("failed");
  expect(logged.map(({ message }) => message)).toEqual([
    "A run of schedule job could not begin. The next one tries again.",
  ]);
  isBroken = false;
  await time.advance(HOUR);
  expect([missed, job.last?.outcome]).toEqual([[1], "done"]);
});

test("ticks do not go through a transport: a store never hears of them, nor asks for stable names", async () => {
  class Sweeps {
    @Every("1h")
    sweep(): void {}
  }
  const store = new ShelfStore();
  const { bus, time } = virtualBus({ subscribers: [Sweeps], transport: store });
  await bus.start();
  await time.advance(HOUR);
  expect(bus.schedules.get("Sweeps.sweep")?.last?.outcome).toBe("done");
  expect(store.settled).toEqual([]);
  await bus.close();
});
