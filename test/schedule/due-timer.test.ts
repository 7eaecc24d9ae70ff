/** The one timer of all schedules: in order, on both clocks, in parts, and gone when nothing needs it. */
import { expect, test } from "vitest";
import { Timers } from "../../src/runtime/timers.js";
import { DueTimer, type Timed } from "../../src/schedule/due-timer.js";
import { MINUTE, SECOND, settable, START } from "./setup.js";

function setup(onDue: (item: Timed) => void = () => undefined) {
  const { time, wall } = settable();
  const seen: number[] = [];
  const timer = new DueTimer<Timed>({
    runtime: time.runtime,
    timers: new Timers(time.runtime),
    onDue: (item) => {
      seen.push(item.order);
      onDue(item);
    },
    onReset: () => undefined,
  });
  let order = 0;
  const add = (clock: "wall" | "steady", at: number): Timed => {
    const item = { at: clock === "wall" ? START + at : at, order: order++, place: -1, pace: { clock } };
    timer.add(item);
    return item;
  };
  return { time, wall, timer, add, seen };
}

test("gives out what is due on either clock, in order, and not before", async () => {
  const { time, add, seen } = setup();
  add("wall", 3 * SECOND);
  add("steady", 2 * SECOND);
  add("wall", SECOND);
  add("steady", SECOND);
  await time.advance(SECOND - 1);
  expect(seen).toEqual([]);
  await time.advance(1);
  expect(seen).toEqual([3, 2]);
  await time.advance(2 * SECOND);
  expect(seen).toEqual([3, 2, 1, 0]);
  expect(time.timers).toBe(0);
});

test("has a timer only while something waits, and looks at the clock of the wall twice a minute", async () => {
  const { time, add, timer } = setup();
  expect(time.timers).toBe(0);
  const [far, near] = [add("wall", 60 * MINUTE), add("steady", 50 * MINUTE)];
  expect(time.timers).toBe(1);
  timer.delete(far);
  timer.delete(near);
  expect(time.timers).toBe(0);
  let looks = 0;
  add("wall", 10 * MINUTE);
  const { host } = time.runtime;
  const { timer: set } = host;
  Object.assign(host, { timer: (run: () => void, ms: number) => (looks++, set(run, ms)) });
  await time.advance(9 * MINUTE);
  expect(looks).toBe(18);
});

test("gives the event loop back while much is due", async () => {
  const made = setup(() => made.time.jump(1)); // each takes a millisecond
  for (let count = 0; count < 100; count++) made.add("steady", SECOND);
  const before = made.time.runtime.turn.number;
  await made.time.advance(SECOND);
  while (made.seen.length < 100) await made.time.rest();
  expect(made.time.runtime.turn.number - before).toBeGreaterThan(10);
  expect(made.seen).toEqual(Array.from({ length: 100 }, (_, order) => order));
});

test("does nothing any more once it was stopped, in the middle of its work too", async () => {
  const made = setup(() => made.timer.stop());
  made.add("steady", SECOND);
  made.add("steady", SECOND);
  await made.time.advance(MINUTE);
  expect([made.seen, made.time.timers]).toEqual([[0], 0]);
  const other = setup();
  other.add("steady", SECOND);
  other.timer.stop();
  expect(other.time.timers).toBe(0);
  other.add("steady", 0);
  await other.time.advance(MINUTE);
  expect([other.seen, other.time.timers]).toEqual([[], 0]);
});
