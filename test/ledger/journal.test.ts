import { describe, expect, it } from "vitest";
import { Event } from "../../src/index.js";
import { Journal } from "../../src/ledger/journal.js";
import { virtualBus, VirtualTime } from "../support/virtual.js";

class Told extends Event("journal.told")<{ n: number }> {}

const journal = (max: number) => new Journal(max, new VirtualTime().runtime.host);
const because = (entries: readonly { because: string }[]) => entries.map((entry) => entry.because);

describe("the journal", () => {
  it("tells the story of an event in order", () => {
    const told = journal(10);
    told.note("a", "s", "routed", "1");
    told.note("b", "s", "routed", "2");
    told.note("a", "s", "done", "3");
    expect(told.of("a")).toEqual([
      { at: new Date(Date.UTC(2026, 0, 1)), subscription: "s", decision: "routed", because: "1" },
      { at: new Date(Date.UTC(2026, 0, 1)), subscription: "s", decision: "done", because: "3" },
    ]);
    expect(told.of("nobody")).toEqual([]);
  });

  it("lets whole events go, the oldest first", () => {
    const told = journal(3);
    for (const [id, text] of [
      ["a", "1"],
      ["a", "2"],
      ["b", "3"],
      ["b", "4"],
    ] as const)
      told.note(id, "s", "x", text);
    expect(told.of("a")).toEqual([]);
    expect(because(told.of("b"))).toEqual(["3", "4"]);
  });

  it("keeps every event while all of them fit", () => {
    const told = journal(3);
    for (const id of ["a", "b", "b"]) told.note(id, "s", "x", id);
    expect([told.of("a").length, told.of("b").length]).toEqual([1, 2]);
  });

  it("stays within its bounds, even where one event has all the entries", () => {
    const told = journal(3);
    for (let n = 0; n < 10; n++) told.note("a", "s", "x", `${n}`);
    expect(because(told.of("a"))).toEqual(["7", "8", "9"]);
    told.note("b", "s", "x", "b");
    expect([told.of("a").length, told.of("b").length]).toEqual([0, 1]);
  });

  it("gives copies, which nobody can change", () => {
    const told = journal(3);
    told.note("a", "s", "x", "1");
    (told.of("a") as unknown[]).length = 0;
    expect(told.of("a")).toHaveLength(1);
    expect(Object.isFrozen(told.of("a")[0])).toBe(true);
  });
});

describe("bus.explain(eventId)", () => {
  it("says what was decided for each delivery, where the journal is on", async () => {
    const { bus, time } = virtualBus({ journal: true });
    bus.on(Told, { name: "tries", retry: { attempts: 2, delay: "1s", jitter: false } }, () => {
      throw new Error("broken");
    });
    bus.on(Told, { name: "picks", when: () => false }, () => undefined);
    bus.on(Told, { name: "does" }, () => undefined);
    await bus.start();
    const { id } = await bus.publish(new Told({ n: 1 }));
    await time.advance(5_000);
    const story = (name: string) =>
      bus
        .explain(id)
        .filter((each) => each.subscription === name)
        .map(({ decision }) => decision);
    expect(story("tries")).toEqual(["routed", "retried", "deadLettered"]);
    expect(story("picks")).toEqual(["routed", "filtered"]);
    expect(story("does")).toEqual(["routed", "done"]);
    expect(bus.explain(id).find(({ decision }) => decision === "retried")!.because).toBe(
      "failed; again in 1000 ms",
    );
  });

  it("says nothing where it is off, as by default", async () => {
    const { bus, time } = virtualBus();
    bus.on(Told, () => undefined);
    await bus.start();
    const { id } = await bus.publish(new Told({ n: 1 }));
    await time.rest();
    expect(bus.explain(id)).toEqual([]);
  });

  it("needs a size where it is given one", () => {
    expect(() => virtualBus({ journal: {} as never })).toThrow("createBus.journal.size");
    expect(() => virtualBus({ journal: { size: 0 } })).toThrow("createBus.journal.size");
  });
});
