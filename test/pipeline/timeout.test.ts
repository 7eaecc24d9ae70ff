import { describe, expect, it } from "vitest";
import { HandlerTimeoutError } from "../../src/index.js";
import { timeout } from "../../src/pipeline/timeout.js";
import { Timers } from "../../src/runtime/timers.js";
import { deferred, VirtualTime } from "../support/virtual.js";

function setup(stuck: "hold" | "release") {
  const time = new VirtualTime();
  const timers = new Timers(time.runtime);
  const told: unknown[] = [];
  const end = deferred<string>();
  const attempt = {
    subscription: "s",
    abort: (reason: Error) => void told.push(["abort", reason]),
    onStuck: () => void told.push("stuck"),
    onLate: (error: unknown) => void told.push(["late", error]),
  };
  const policy = { timeoutMs: 100, graceMs: 50, stuck };
  const answers: unknown[] = [];
  const answer = timeout(() => end.promise, attempt, { policy, timers });
  answer.then(
    (value) => answers.push(value),
    (error: unknown) => answers.push(error),
  );
  return { time, timers, told, end, answers };
}

const expired = expect.any(HandlerTimeoutError);

describe("timeout", () => {
  it("hands on what comes in time, and sets no timer free to run later", async () => {
    for (const settle of ["resolve", "reject"] as const) {
      const { time, timers, told, end, answers } = setup("hold");
      await time.advance(99);
      end[settle]("in time");
      await time.advance(1_000);
      expect([answers, told, timers.size]).toEqual([["in time"], [], 0]);
    }
  });

  it("aborts, waits for the end, and fails whatever comes then", async () => {
    for (const settle of ["resolve", "reject"] as const) {
      const { time, timers, told, end, answers } = setup("hold");
      await time.advance(149);
      expect([answers, told]).toEqual([[], [["abort", expired]]]);
      end[settle]("after all");
      await time.advance(1_000);
      expect([answers, told.length, timers.size]).toEqual([[expired], 1, 0]);
    }
  });

  it("tells once that it is stuck, and holds", async () => {
    const { time, told, end, answers } = setup("hold");
    await time.advance(10_000);
    expect([answers, told]).toEqual([[], [["abort", expired], "stuck"]]);
    end.resolve("at last");
    await time.rest();
    expect([answers, told.length]).toEqual([[expired], 2]);
  });

  it("is released when it is stuck, and tells what comes late", async () => {
    for (const [settle, late] of [
      ["resolve", undefined],
      ["reject", "broken"],
    ] as const) {
      const { time, told, end, answers } = setup("release");
      await time.advance(150);
      expect([answers, told.at(-1)]).toEqual([[expired], "stuck"]);
      end[settle]("broken");
      await time.rest();
      expect([answers.length, told.at(-1)]).toEqual([1, ["late", late]]);
    }
  });
});
