import { describe, expect, it } from "vitest";
import type { LaneNotice } from "../../src/delivery/notice.js";
import { Log } from "../../src/ledger/log.js";
import { NoticeBoard } from "../../src/ledger/notice-board.js";

function setup() {
  const logged: unknown[] = [];
  const line = (...given: unknown[]): void => void logged.push(given);
  const board = new NoticeBoard(new Log({ debug: line, info: line, warn: line, error: line }));
  const post = (waiting = 1) => board.post("lane.full", notice(waiting));
  return { board, logged, post };
}

function notice(waiting: number): LaneNotice {
  return { at: new Date(0), lane: "l", waiting, running: 0 };
}

describe("a notice board", () => {
  it("gives each listener the notice, frozen, in the order in which they came", () => {
    const { board, post } = setup();
    const seen: unknown[] = [];
    board.on("lane.full", (each) => seen.push("a", each)).on("lane.full", (each) => seen.push("b", each));
    post();
    expect(seen).toEqual(["a", notice(1), "b", notice(1)]);
    expect(Object.isFrozen(seen[1])).toBe(true);
  });

  it("knows whether anybody listens", () => {
    const { board } = setup();
    const listener = () => undefined;
    expect(board.hears("lane.full")).toBe(false);
    board.on("lane.full", listener).on("lane.full", () => undefined);
    expect([board.hears("lane.full"), board.hears("lane.free")]).toEqual([true, false]);
    board.off("lane.full", listener);
    expect(board.hears("lane.full")).toBe(true);
    board.off("lane.full");
    expect(board.hears("lane.full")).toBe(false);
  });

  it("tells a `once` once, and takes it away by the function that was given", () => {
    const { board, post } = setup();
    const seen: number[] = [];
    const listener = ({ waiting }: LaneNotice): void => void seen.push(waiting);
    board.once("lane.full", listener);
    post(1);
    post(2);
    expect(seen).toEqual([1]);
    expect(board.hears("lane.full")).toBe(false);
    board.once("lane.full", listener).off("lane.full", listener);
    post(3);
    expect(seen).toEqual([1]);
  });

  it("takes a listener away that leaves while it is told", () => {
    const { board, post } = setup();
    const seen: string[] = [];
    const second = (): void => void seen.push("second");
    board.on("lane.full", () => {
      seen.push("first");
      board.off("lane.full");
    });
    board.on("lane.full", second);
    post();
    post();
    expect(seen.filter((each) => each === "first")).toEqual(["first"]);
    expect(board.hears("lane.full")).toBe(false);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("bad");
      },
    ],
    ["rejects", () => Promise.reject(new Error("bad"))],
    [
      "gives a thenable that rejects",
      // oxlint-disable-next-line no-thenable -- that is what it is about
      () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error("bad")) }),
    ],
  ])("detaches a listener that %s, tells the log once, and goes on with the others", async (_, bad) => {
    const { board, logged, post } = setup();
    let [calls, others] = [0, 0];
    board.on("lane.full", () => (calls++, bad()) as never).on("lane.full", () => void others++);
    post();
    post();
    await new Promise(setImmediate);
    post();
    expect(others).toBe(3);
    expect(calls).toBeLessThanOrEqual(2);
    expect(logged).toEqual([
      [
        { notice: "lane.full", err: new Error("bad") },
        "A listener of lane.full threw and was detached. Correct the listener.",
      ],
    ]);
  });

  it("tells of a `once` that throws, too", async () => {
    const { board, logged, post } = setup();
    board.once("lane.full", () => {
      throw new Error("bad");
    });
    post();
    await new Promise(setImmediate);
    expect(logged).toHaveLength(1);
    expect(board.hears("lane.full")).toBe(false);
  });

  it("takes away nothing where nobody listens", () => {
    const { board } = setup();
    expect(board.off("lane.full")).toBe(board);
    expect(board.hears("lane.full")).toBe(false);
  });

  it("ends a listener that posts its own notice without end, tells the log of it once, and nothing else", async () => {
    const { board, logged, post } = setup();
    board.on("lane.full", () => post());
    expect(() => post()).not.toThrow();
    expect(board.hears("lane.full")).toBe(false);
    await new Promise(setImmediate);
    expect(logged).toHaveLength(1);
  });
});
