import { describe, expect, it } from "vitest";
import { type DeadLetter, DeadLetterBox } from "../../src/ledger/dead-letter-box.js";

const letter = (id: string, at: number) => ({ id, at: new Date(at) }) as DeadLetter;
const ids = (box: DeadLetterBox, now: number) => box.list(now, () => true).map(({ id }) => id);

describe("a dead letter box", () => {
  it("lists oldest first, what is wanted", () => {
    const box = new DeadLetterBox(10, 1_000);
    for (const id of ["a", "b", "c"]) box.add(letter(id, 0));
    expect(ids(box, 0)).toEqual(["a", "b", "c"]);
    expect(box.list(0, ({ id }) => id !== "b").map(({ id }) => id)).toEqual(["a", "c"]);
  });

  it("lets the oldest go past its number, and counts them", () => {
    const box = new DeadLetterBox(2, 1_000);
    for (const id of ["a", "b", "c", "d"]) box.add(letter(id, 0));
    expect(ids(box, 0)).toEqual(["c", "d"]);
    expect([box.size(0), box.forgotten]).toEqual([2, 2]);
  });

  it("lets them go when one comes, not when somebody looks", () => {
    const box = new DeadLetterBox(2, 1_000);
    for (const id of ["a", "b", "c"]) box.add(letter(id, 0));
    expect([box.get("a"), box.since(-1), box.forgotten]).toEqual([undefined, 2, 1]);
  });

  it("lets go what is too old, to the millisecond", () => {
    const box = new DeadLetterBox(10, 1_000);
    box.add(letter("a", 0));
    box.add(letter("b", 500));
    expect(box.size(999)).toBe(2);
    expect(ids(box, 1_000)).toEqual(["b"]);
    expect([box.size(1_500), box.forgotten]).toEqual([0, 2]);
  });

  it("takes one out by its id", () => {
    const box = new DeadLetterBox(10, 1_000);
    box.add(letter("a", 0));
    expect([box.get("a")?.id, box.delete("a"), box.delete("a"), box.get("a")]).toEqual([
      "a",
      true,
      false,
      undefined,
    ]);
    expect(box.forgotten).toBe(0);
  });

  it("counts those that a store keeps, the latest thousand at most", () => {
    const box = new DeadLetterBox(10, 1_000);
    expect(box.since(-1)).toBe(0);
    for (let at = 0; at <= 1_000; at++) box.keptElsewhere(at);
    expect([box.since(-1), box.since(1), box.since(999), box.since(1_000)]).toEqual([1_000, 999, 1, 0]);
    expect(box.size(0)).toBe(0);
  });

  it("counts what came after a moment", () => {
    const box = new DeadLetterBox(10, 1_000);
    for (const at of [1, 2, 3]) box.add(letter(`${at}`, at));
    expect([0, 1, 3].map((moment) => box.since(moment))).toEqual([3, 2, 0]);
  });
});
