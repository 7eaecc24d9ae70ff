import { describe, expect, it } from "vitest";
import { Turn } from "../../src/runtime/turn.js";

/** A turn whose clock and macrotasks are moved by hand. */
function setup() {
  const clock = { ms: 0, readings: 0 };
  const tasks: (() => void)[] = [];
  const read = (): number => (clock.readings++, clock.ms);
  const turn = new Turn({ now: read, monotonic: read, macrotask: (run) => void tasks.push(run) });
  const over = (): void => {
    for (const run of tasks.splice(0)) run();
  };
  return { clock, tasks, turn, over };
}

describe("a turn", () => {
  it("reads each clock once, until it is over", () => {
    const { clock, turn, over } = setup();
    for (const read of [() => turn.now(), () => turn.monotonic()]) {
      clock.ms = 5;
      expect([read(), read()]).toEqual([5, 5]);
      clock.ms = 9;
      expect(read()).toBe(5);
      over();
      expect(read()).toBe(9);
      over();
    }
    expect(clock.readings).toBe(4 * 2); // four turns, two clocks
  });

  it("has a new number when it is over", () => {
    const { turn, over } = setup();
    turn.now();
    const { number } = turn;
    turn.now();
    expect(turn.number).toBe(number);
    over();
    expect(turn.number).toBe(number + 1);
  });

  it("asks the host for one macrotask, whoever takes part", async () => {
    const { turn, tasks, over } = setup();
    turn.now();
    turn.monotonic();
    const ended = Promise.all([turn.end(), turn.end()]);
    expect(tasks).toHaveLength(1);
    over();
    await ended;
    expect(tasks).toHaveLength(0);
  });

  it("is spent within a few milliseconds of work, and fresh again when it is over", () => {
    const { clock, turn, over } = setup();
    for (let round = 0; round < 3; round++) {
      let worked = 0;
      while (!turn.isSpent()) {
        clock.ms += 0.5;
        if (++worked > 100) break;
      }
      expect(worked).toBeGreaterThan(0);
      expect(worked).toBeLessThan(20);
      over();
    }
  });

  it("notices a single long piece of work soon", () => {
    const { clock, turn } = setup();
    for (let n = 0; n < 1_000; n++) {
      clock.ms += 0.001;
      turn.isSpent();
    }
    clock.ms += 50;
    let asked = 0;
    while (!turn.isSpent() && asked < 100) asked++;
    expect(asked).toBeLessThan(64);
  });

  it("reads the clock anew when it is told so", () => {
    const { clock, turn } = setup();
    turn.monotonic();
    clock.ms = 7;
    turn.reread();
    expect(turn.monotonic()).toBe(7);
  });
});
