/** Schedules of functions: when they run, and what can be asked of them. */
import { expect, test } from "vitest";
import { BusClosedError, Every, NotStartedError, StartError, Tick } from "../../src/index.js";
import { virtualBus, VirtualTime } from "../support/virtual.js";
import { expectCountsToAddUp } from "../dispatch/setup.js";
import { clockOf, DAY, HOUR, MINUTE, scheduled, START, Tidied } from "./setup.js";

class Sweeps {
  @Every("1h")
  sweep(): void {}
}

test("an expression runs at its times, in UTC unless told otherwise, and a tick says which", async () => {
  const { time, ran, ticks, bus } = await scheduled("0 3 * * *");
  await time.advance(3 * HOUR - 1);
  expect(ran).toEqual([]);
  await time.advance(1);
  expect(ran).toEqual(["03:00"]);
  await time.advance(2 * DAY);
  expect(ran).toEqual(["03:00", "01-02 03:00", "01-03 03:00"]);
  expect(ticks[0]).toBeInstanceOf(Tick);
  expect(ticks[0]).toEqual({ schedule: "job", due: new Date(START + 3 * HOUR), missed: 0 });
  expectCountsToAddUp(bus);
});

test("six fields begin with seconds", async () => {
  const { time, ran } = await scheduled("*/20 * * * * *");
  await time.advance(MINUTE);
  expect(ran).toEqual(["00:00:20", "00:00:40", "00:01"]);
});

test("an interval runs first when one has passed, and then does not drift", async () => {
  const { time, ran } = await scheduled({ every: "7m" });
  await time.advance(28 * MINUTE);
  expect(ran).toEqual(["00:07", "00:14", "00:21", "00:28"]);
});

test("from is the first moment that may be a time, until the first that may not", async () => {
  const { time, ran, job } = await scheduled("0 * * * *", {
    from: new Date(START + 2 * HOUR),
    until: new Date(START + 5 * HOUR),
  });
  expect(job.next(9).map(clockOf)).toEqual(["02:00", "03:00", "04:00"]);
  await time.advance(DAY);
  expect(ran).toEqual(["02:00", "03:00", "04:00"]);
  expect(job.next()).toEqual([]);
});

test("an interval counts from its from, past or to come", async () => {
  const past = await scheduled({ every: "45m" }, { from: new Date(START - 15 * MINUTE) });
  await past.time.advance(2 * HOUR);
  expect(past.ran).toEqual(["00:30", "01:15", "02:00"]);
  const later = await scheduled({ every: "45m" }, { from: new Date(START + 10 * MINUTE) });
  await later.time.advance(HOUR);
  expect(later.ran).toEqual(["00:10", "00:55"]);
});

test("an interval that does not divide a day goes on across midnight", async () => {
  const { time, ran } = await scheduled({ every: "7h" });
  await time.advance(2 * DAY);
  expect(ran).toEqual(["07:00", "14:00", "21:00", "01-02 04:00", "01-02 11:00", "01-02 18:00"]);
});

test("a time on the 29th of February comes in leap years only, and a span beyond 2^31 ms is no matter", async () => {
  const { time, ran, ticks, job } = await scheduled("0 0 29 2 *");
  expect(job.next(3).map((date) => date.toISOString().slice(0, 10))).toEqual([
    "2028-02-29",
    "2032-02-29",
    "2036-02-29",
  ]);
  // A look at the clock is all that happens until then.
  time.jump(Date.UTC(2028, 1, 29) - START - MINUTE);
  await time.advance(2 * MINUTE);
  expect(ran).toHaveLength(1);
  expect(ticks[0]?.due.toISOString()).toBe("2028-02-29T00:00:00.000Z");
});

test("nothing runs before start(), and times count from there", async () => {
  const { bus, time } = virtualBus();
  const ran: string[] = [];
  bus.on(Tidied, ({ due }) => void ran.push(due));
  const job = bus.schedule("job", { every: "1h" }, ({ due }) => new Tidied({ due: clockOf(due), missed: 0 }));
  expect(job.next(2).map(clockOf)).toEqual(["01:00", "02:00"]);
  await time.advance(90 * MINUTE);
  expect(ran).toEqual([]);
  await bus.start();
  await time.advance(HOUR);
  expect(ran).toEqual(["02:30"]);
});

test("last tells the latest run: the time that it was for, when it began, how it stands", async () => {
  let end!: () => void;
  const { time, job } = await scheduled(
    { every: "1h" },
    {},
    () => new Promise<void>((resolve) => (end = resolve)),
  );
  expect(job.last).toBeUndefined();
  await time.advance(HOUR);
  const due = new Date(START + HOUR);
  expect(job.last).toEqual({ due, at: due, outcome: "running" });
  await time.advance(MINUTE);
  end();
  await time.rest();
  expect(job.last).toEqual({ due, at: due, outcome: "done" });
});

test("last tells what became of the event that was published: a dead letter, say", async () => {
  const { time, job } = await scheduled({ every: "1h" }, {}, () => Promise.reject(new Error("no")));
  await time.advance(HOUR);
  expect(job.last?.outcome).toBe("deadLettered");
});

test("a function that throws, or gives no event, is a dead letter of its tick, and the next time comes", async () => {
  const { bus, time } = virtualBus();
  let count = 0;
  const what = (): Tidied => {
    if (++count === 1) throw new Error("no database");
    return { due: "", missed: 0 } as Tidied;
  };
  const job = bus.schedule("job", { every: "1h" }, what);
  await bus.start();
  await time.advance(2 * HOUR);
  const letters = await bus.deadLetters.list();
  expect(
    letters.map(({ subscription, event }) => [subscription, (event as unknown as Tick).schedule]),
  ).toEqual([
    ["signalbox.schedules", "job"],
    ["signalbox.schedules", "job"],
  ]);
  expect(String(letters[0]?.attempts[0]?.error)).toMatch(/no database/);
  expect(String(letters[1]?.attempts[0]?.error)).toMatch(/Expected an event/);
  expect(job.last?.outcome).toBe("deadLettered");
  expect(count).toBe(2);
});

test("policies give a schedule a subscription of its own, under its name", async () => {
  const { bus, time } = virtualBus();
  let count = 0;
  const what = (): Tidied => {
    if (++count < 3) throw new Error("no");
    return new Tidied({ due: "", missed: 0 });
  };
  bus.on(Tidied, { name: "tidies" }, () => undefined);
  const job = bus.schedule("job", { every: "1h" }, what, { retry: { attempts: 3, delay: "1s" } });
  bus.schedule("other", { every: "1h" }, () => new Tidied({ due: "", missed: 0 }));
  expect([...bus.lanes.keys()]).toEqual(["tidies", "job", "signalbox.schedules"]);
  await bus.start();
  await time.advance(HOUR + MINUTE);
  expect([count, job.last?.outcome]).toEqual([3, "done"]);
  job.remove();
  expect([...bus.lanes.keys()]).toEqual(["tidies", "signalbox.schedules"]);
});

test("runNow runs once more than its times say, and its receipt settles with all that it caused", async () => {
  const { time, ran, job } = await scheduled({ every: "1h" });
  await time.advance(10 * MINUTE);
  const receipt = await job.runNow();
  expect(receipt.accepted).toEqual(["signalbox.schedules"]);
  expect(await receipt.settled()).toMatchObject({ done: 2, deadLettered: 0 });
  await time.advance(50 * MINUTE);
  expect(ran).toEqual(["00:10", "01:00"]);
});

test("runNow rejects before start(), after close() and after remove()", async () => {
  const { bus, time } = virtualBus();
  bus.on(Tidied, () => undefined);
  const what = (): Tidied => new Tidied({ due: "", missed: 0 });
  const [job, gone] = [
    bus.schedule("job", { every: "1h" }, what),
    bus.schedule("gone", { every: "1h" }, what),
  ];
  await expect(job.runNow()).rejects.toThrow(NotStartedError);
  await bus.start();
  gone.remove();
  await expect(gone.runNow()).rejects.toThrow("Schedule gone was removed and runs no more. Add it anew.");
  await bus.close();
  await expect(job.runNow()).rejects.toThrow(BusClosedError);
  await time.rest();
});

test("a removed schedule runs no more, and its name is free", async () => {
  const { bus, time, ran, job } = await scheduled({ every: "1h" });
  await time.advance(HOUR);
  job.remove();
  job.remove();
  expect(job.next()).toEqual([]);
  expect(bus.schedules.size).toBe(0);
  await time.advance(DAY);
  expect(ran).toEqual(["01:00"]);
  expect(time.timers).toBe(0);
  bus.schedule("job", { every: "1h" }, () => new Tidied({ due: "again", missed: 0 }));
  await time.advance(HOUR);
  expect(ran).toEqual(["01:00", "again"]);
});

test("whoever removes a subscription removes its schedules", async () => {
  const { bus, time } = virtualBus({ subscribers: [Sweeps] });
  const what = (): Tidied => new Tidied({ due: "", missed: 0 });
  bus.schedule("alone", "@hourly", what, { retry: 2 });
  for (const name of ["one", "two"]) bus.schedule(name, "@hourly", what);
  await bus.start();
  await bus.subscriptions.remove("Sweeps.sweep");
  await bus.subscriptions.remove("alone");
  expect([...bus.schedules.keys()]).toEqual(["one", "two"]);
  await bus.subscriptions.remove("signalbox.schedules");
  expect([bus.schedules.size, time.timers]).toEqual([0, 0]);
  bus.schedule("new", "@hourly", what);
  await time.advance(HOUR);
  expect(bus.schedules.get("new")?.last?.outcome).toBe("done");
});

test("bus.schedules lists them by name", async () => {
  const { bus, job } = await scheduled("@daily");
  expect([...bus.schedules.keys()]).toEqual(["job"]);
  expect(bus.schedules.get("job")).toBe(job);
});

test("the async context of whoever schedules does not reach a run, and a tick has no cause", async () => {
  const { time, ticks, bus } = await scheduled({ every: "1h" });
  const causes: (string | undefined)[] = [];
  bus.on(Tidied, { name: "looks" }, (_, delivery) => void causes.push(delivery.cause));
  const published: string[] = [];
  bus.tap("**", (_, { name, cause }) => published.push(`${name} because of ${cause ?? "nothing"}`));
  await time.advance(HOUR);
  expect(ticks).toHaveLength(1);
  expect(published).toEqual(["signalbox.tick because of nothing", `test.tidied because of ${causes[0]!}`]);
});

test("a tick that somebody publishes again reaches no schedule", async () => {
  const { bus, time, ran, ticks } = await scheduled({ every: "1h" });
  await time.advance(HOUR);
  const receipt = await bus.publish(ticks[0]!);
  await time.rest();
  expect([receipt.unhandled, ran]).toEqual([true, ["01:00"]]);
});

test("what is wrong with schedules is told by start(), all at once, with what was meant", async () => {
  const { bus } = virtualBus({}, new VirtualTime());
  const what = (): Tidied => new Tidied({ due: "", missed: 0 });
  const wrongs = [
    bus.schedule("one", "0 3 * *" as "@daily", what, { timeZone: "Europe/Berln" }),
    bus.schedule("two", "61 3 * * *", what, { overlap: "wait" as "skip" }),
    bus.schedule("three", "0 0 30 2 *", what, { jiter: "1m" } as object),
    bus.schedule("four", { every: 0 }, what, { timeZone: "UTC", missed: { all: "-1s" as "1s" } }),
    bus.schedule("a name", "@daily", "tidy" as never, { from: new Date(9), until: new Date(9) }),
    bus.schedule("five", "2026-01-01T00:00:00" as "@daily", what, { retry: 0, from: new Date(NaN) }),
    bus.schedule("six", "@daily", what, { lane: "mial" }),
    bus.schedule("seven", "@reboot" as "@daily", undefined as never),
  ];
  bus.schedule("fine", "@daily", what);
  wrongs.push(bus.schedule("fine", "@hourly", what));
  const error = await bus.start().catch((each: unknown) => each);
  expect(error).toBeInstanceOf(StartError);
  expect((error as StartError).faults).toMatchInlineSnapshot(`
    [
      "Expected \`bus.schedule one.timeZone\` to be a time zone such as "Europe/Berlin", got \`"Europe/Berln"\` (string). Did you mean \`Europe/Berlin\`?",
      "Expected the expression of \`bus.schedule one\` to be a cron expression of five or six fields, or @hourly, @daily, @weekly, @monthly or @yearly, got \`"0 3 * *"\` (string).",
      "Expected \`bus.schedule two.overlap\` to be "skip", "queue" or "cancelPrevious", got \`"wait"\` (string).",
      "Expected the expression of \`bus.schedule two\` to be a cron expression of five or six fields, or @hourly, @daily, @weekly, @monthly or @yearly, got \`"61 3 * * *"\` (string). Invalid value for minute: 61",
      "Unknown option \`jiter\` in \`bus.schedule three\`. Did you mean \`jitter\`?",
      "Expected the expression of \`bus.schedule three\` to be a cron expression of five or six fields, or @hourly, @daily, @weekly, @monthly or @yearly, got \`"0 0 30 2 *"\` (string). No date has such a time.",
      "Expected \`bus.schedule four.missed.all\` to be a duration such as 250 (ms), "10s" or "5m", above zero, got \`"-1s"\` (string).",
      "Expected \`bus.schedule four.every\` to be a duration such as 250 (ms), "10s" or "5m", above zero, got \`0\` (number).",
      "\`bus.schedule four\` has a \`timeZone\`, but intervals are the same everywhere. Leave it out.",
      "Expected \`name of bus.schedule()\` to be 1 to 16 tokens of letters, 0-9, _ and - joined by dots, such as mails.receipt (128 bytes at most), got \`"a name"\` (string).",
      "Expected \`bus.schedule a name.until\` to be later than \`from\`.",
      "Expected \`bus.schedule a name, its function\` to be a function, got \`"tidy"\` (string).",
      "Expected \`bus.schedule five.retry\` to be an integer from 1 up or an object { attempts, backoff, delay, delayMax, jitter, on }, got \`0\` (number).",
      "Expected \`bus.schedule five.from\` to be a Date, got \`Invalid Date\` (object).",
      "Expected the expression of \`bus.schedule five\` to be a cron expression of five or six fields, or @hourly, @daily, @weekly, @monthly or @yearly, got \`"2026-01-01T00:00:00"\` (string).",
      "six names the lane \`mial\`, which createBus({ lanes }) does not have.",
      "Expected the expression of \`bus.schedule seven\` to be a cron expression of five or six fields, or @hourly, @daily, @weekly, @monthly or @yearly, got \`"@reboot"\` (string).",
      "Expected \`bus.schedule seven, its function\` to be a function, got \`undefined\`.",
      "Two schedules have the name fine. Give one of them another name.",
    ]
  `);
  expect([...bus.schedules.keys()]).toEqual(["fine"]);
  for (const wrong of wrongs) wrong.remove();
  await bus.start();
  await bus.close();
});

test("after start() a wrong schedule throws at once, and after close() every one", async () => {
  const { bus } = await scheduled("@daily");
  const what = (): Tidied => new Tidied({ due: "", missed: 0 });
  expect(() => bus.schedule("x", "@weekly", what, { timeZone: "Mars" })).toThrow(TypeError);
  expect(() => bus.schedule("job", "@weekly", what)).toThrow("Two schedules have the name job.");
  expect([...bus.schedules.keys()]).toEqual(["job"]);
  await bus.close();
  expect(() => bus.schedule("x", "@weekly", what)).toThrow(BusClosedError);
});

test("last tells how a run ended to whoever has awaited its receipt", async () => {
  const { job } = await scheduled({ every: "1h" });
  await (await job.runNow()).settled();
  expect(job.last?.outcome).toBe("done");
  const { bus, time } = virtualBus({ subscribers: [Sweeps] });
  await bus.start();
  const sweep = bus.schedules.get("Sweeps.sweep")!;
  await (await sweep.runNow()).settled();
  expect(sweep.last?.outcome).toBe("done");
  await time.rest();
});
