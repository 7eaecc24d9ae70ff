import { describe, expect, it } from "vitest";
import { Tree } from "../../src/ledger/tree.js";
import { countListeners } from "../support/listeners.js";

const nothing = {
  done: 0,
  deadLettered: 0,
  dropped: 0,
  deduplicated: 0,
  filtered: 0,
  expired: 0,
  abandoned: 0,
  unhandled: 0,
};

describe("a tree", () => {
  it("is settled where nothing is open", async () => {
    expect(await new Tree().settled(undefined)).toEqual({ ...nothing, notHandled: [] });
  });

  it("is settled when as much has been closed as was opened", async () => {
    const tree = new Tree();
    let isSettled = false;
    for (let n = 0; n < 3; n++) tree.opened();
    const settled = tree.settled(undefined).finally(() => (isSettled = true));
    tree.done();
    tree.done();
    await Promise.resolve();
    expect(isSettled).toBe(false);
    tree.count("dropped", { subscription: "s", eventId: "e", outcome: "dropped", reason: "r" });
    tree.closed();
    expect(await settled).toMatchObject({ done: 2, dropped: 1, notHandled: [{ reason: "r" }] });
  });

  it("gives a tally that later counts do not change", async () => {
    const tree = new Tree();
    const first = await tree.settled(undefined);
    tree.opened();
    tree.count("dropped", { subscription: "s", eventId: "e", outcome: "dropped", reason: "r" });
    tree.done();
    expect(first).toEqual({ ...nothing, notHandled: [] });
    expect(await tree.settled(undefined)).toMatchObject({ done: 1, dropped: 1 });
  });

  it("rejects whoever gives up, and nobody else", async () => {
    const tree = new Tree();
    tree.opened();
    const controller = new AbortController();
    const counted = countListeners(controller.signal);
    const impatient = tree.settled(controller.signal);
    const patient = tree.settled(undefined);
    controller.abort("enough");
    await expect(impatient).rejects.toBe("enough");
    tree.done();
    expect(await patient).toMatchObject({ done: 1 });
    await expect(tree.settled(controller.signal)).resolves.toMatchObject({ done: 1 });
    const late = new AbortController();
    const lateCount = countListeners(late.signal);
    tree.opened();
    const settled = tree.settled(late.signal);
    expect(lateCount()).toBe(1);
    tree.done();
    await settled;
    expect(lateCount()).toBe(0);
    expect(counted()).toBeLessThanOrEqual(1); // `once`: removed by the abort itself
  });
});
