/** Cancelling divided work at every point of it: after each step, one test run cancels there. */
import { describe, expect, test } from "vitest";
import { TaskCancelledError, type Work } from "../../src/index.js";
import { chain, chord, chunks, group, map } from "../../src/workflow/index.js";
import { n } from "../dispatch/setup.js";
import { deferred } from "../support/virtual.js";
import { Add, Double, expectRest, gatedBus, Nothing, seen } from "../task/setup.js";

const inputs = (count: number) => n(count).map((each) => ({ n: each }));

const WORK: readonly (readonly [string, () => Work<unknown>, number])[] = [
  ["a task", () => new Double({ n: 1 }), 0],
  [
    "a chain",
    () =>
      chain(
        new Double({ n: 1 }),
        (v) => new Double({ n: v }),
        (v) => new Double({ n: v }),
      ),
    0,
  ],
  [
    "a group",
    () =>
      group(
        inputs(4).map((each) => new Double(each)),
        { concurrency: 2, finally: new Nothing() },
      ),
    1,
  ],
  ["a chord", () => chord(map(Double, inputs(3)), (all) => new Double({ n: all.length })), 0],
  ["chunks", () => chunks(Double, inputs(5), 2), 0],
  [
    "groups in a chain in a group",
    () =>
      group([
        chain(
          group([new Double({ n: 1 }), new Double({ n: 2 })], { require: "any", finally: new Nothing() }),
          () => map(Double, inputs(2), { concurrency: 1 }),
        ),
        new Double({ n: 9 }),
      ]),
    1,
  ],
];

/** Runs it to its end, one answer of a handler after the other, and cancels after so many of them. */
async function run(make: () => Work<unknown>, cancelAfter: number, calls: 1 | 2) {
  const made = await gatedBus({}, { lane: { concurrency: 3 } });
  let lasts = 0;
  made.bus.handle(Nothing, { name: "last" }, () => void lasts++);
  made.bus.handle(Add, { name: "add" }, ({ a, b }) => a + b);
  const handle = await made.bus.run(make());
  const result = seen(handle);
  const cancelled: Promise<boolean>[] = [];
  let answered = 0;
  for (let step = 0; result.times === 0 && step < 100; step++) {
    if (step === cancelAfter)
      for (let call = 0; call < calls; call++) cancelled.push(handle.cancel(`after ${step}`));
    await made.time.rest();
    const call = made.calls[answered];
    if (call === undefined) continue;
    answered++;
    if (call.signal.aborted) call.fail(call.signal.reason);
    else call.give(step);
    await made.time.rest();
  }
  return { ...made, handle, result, answers: await Promise.all(cancelled), lasts, answered };
}

describe.each(WORK)("cancelling %s", (_, make, lastsMin) => {
  test("at each step ends it once, with its finally once, and leaves nothing behind", async () => {
    const whole = await run(make, Infinity, 1);
    expect(whole.result.error).toBeUndefined();
    for (let step = 0; step < whole.answered; step++) {
      const { bus, time, handle, result, answers, lasts } = await run(make, step, 1);
      expect([step, answers, handle.state]).toEqual([step, [true], "cancelled"]);
      expect(result).toMatchObject({ times: 1, error: { reason: `after ${step}` } });
      expect(result.error).toBeInstanceOf(TaskCancelledError);
      expect(lasts).toBe(lastsMin);
      await expectRest(bus, time);
    }
  });

  test("twice is cancelling it once", async () => {
    const { answers, result, lasts } = await run(make, 0, 2);
    expect(answers).toEqual([true, true]);
    expect([result.times, lasts]).toEqual([1, lastsMin]);
  });
});

test("what has not started is not started, and finally is not cancelled", async () => {
  const { bus, time, calls } = await gatedBus({}, { lane: { concurrency: 1 } });
  let last: AbortSignal | undefined;
  bus.handle(Nothing, (_, { signal }) => void (last = signal));
  const handle = await bus.run(
    group(
      inputs(9).map((each) => new Double(each)),
      { finally: new Nothing() },
    ),
  );
  await time.rest();
  const cancelled = handle.cancel("enough");
  expect(bus.lanes.get("double")!.waiting).toBe(0);
  calls[0]!.fail(new Error("stopped"));
  expect(await cancelled).toBe(true);
  expect([calls.length, last?.aborted]).toEqual([1, false]);
  await expectRest(bus, time);
});

test("a cancel while finally runs changes nothing: it has run once, and the group is what it was", async () => {
  const { bus, time, calls } = await gatedBus();
  const gate = deferred();
  let lasts = 0;
  bus.handle(Nothing, () => (lasts++, gate.promise));
  const handle = await bus.run(group([new Double({ n: 1 })], { finally: new Nothing() }));
  await time.rest();
  calls[0]!.give(2);
  await time.rest();
  const cancelled = handle.cancel("too late");
  gate.resolve();
  expect([await cancelled, await handle.result(), lasts]).toEqual([false, [2], 1]);
  await expectRest(bus, time);
});

test("a chain whose link gives its result nevertheless goes no further", async () => {
  const { bus, time, calls } = await gatedBus();
  const handle = await bus.run(chain(new Double({ n: 1 }), (v) => new Double({ n: v })));
  await time.rest();
  const cancelled = handle.cancel("enough");
  calls[0]!.give(2);
  expect(await cancelled).toBe(true);
  await expectRest(bus, time);
  expect([calls.length, handle.state]).toEqual([1, "cancelled"]);
});

test("a member that is cancelled by its own id counts as cancelled", async () => {
  const { bus, time, calls } = await gatedBus();
  const handle = await bus.run(group([new Double({ n: 1 }), new Double({ n: 2 })], { require: "any" }));
  await time.rest();
  const tapped = [...Array(10).keys()].flatMap(
    (index) => bus.results.get(`test-${index.toString(36).padStart(6, "0")}`) ?? [],
  );
  const member = tapped.find((each) => each !== handle)!;
  const cancelled = member.cancel("only this one");
  calls[0]!.fail(calls[0]!.signal.reason);
  calls[1]!.give(4);
  expect(await cancelled).toBe(true);
  expect(await handle.result()).toEqual([{ state: "cancelled" }, { state: "done", value: 4 }]);
});

test("a group whose members give their results nevertheless has the last word", async () => {
  const { bus, time, calls } = await gatedBus();
  const handle = await bus.run(group([new Double({ n: 1 })]));
  await time.rest();
  const cancelled = handle.cancel("enough");
  calls[0]!.give(2);
  expect([await cancelled, await handle.result()]).toEqual([false, [2]]);
});

test("whoever waits for a place is stopped, too", async () => {
  const { bus, time, calls } = await gatedBus({}, { lane: { concurrency: 1, capacity: 1 } });
  const handle = await bus.run(group(inputs(5).map((each) => new Double(each))));
  await time.rest();
  expect(bus.describe().lanes[0]!.waitingPublishes).toBe(3);
  const cancelled = handle.cancel("enough");
  expect(bus.describe().lanes[0]!.waitingPublishes).toBe(0);
  calls[0]!.fail(calls[0]!.signal.reason);
  expect(await cancelled).toBe(true);
  await expectRest(bus, time);
  expect(calls).toHaveLength(1);
});
