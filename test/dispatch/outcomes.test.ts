import { describe, expect, it } from "vitest";
import { deadLetter, done, drop, Event, ThrownValueError } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";

class Asked extends Event("outcomes.asked")<{ n: number }> {}

async function setup(answer: () => unknown) {
  const { bus, time, logged } = virtualBus();
  bus.on(Asked, { name: "asked" }, answer);
  await bus.start();
  const receipt = await bus.publish(new Asked({ n: 1 }));
  await time.rest();
  const lane = [...bus.lanes.values()][0]!;
  return { bus, time, logged, receipt, lane };
}

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const nobody = Object.create(null) as object;
const hostile: [string, unknown][] = [
  ["undefined", undefined],
  ["null", null],
  ["a text", "broken"],
  ["a number", 7],
  ["a symbol", Symbol("broken")],
  ["an object without a prototype", nobody],
  ["a revoked proxy", revoked],
  ["a function", () => 1],
  [
    "an object whose message throws",
    {
      get message() {
        throw new Error("no");
      },
    },
  ],
  [
    "an error whose stack throws",
    Object.defineProperty(new Error("x"), "stack", {
      get() {
        throw new Error("no");
      },
    }),
  ],
];

describe("what a handler answers", () => {
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a value", 42],
    ["an object that looks like an outcome", { outcome: "drop", reason: "looks like it" }],
    ["done()", done()],
    ["false", false],
    ["an error that it returns", new Error("returned, not thrown")],
  ])("is done when it is %s", async (_, answer) => {
    const sync = await setup(() => answer);
    const later = await setup(() => Promise.resolve(answer));
    expect(await sync.receipt.settled()).toMatchObject({ done: 1, notHandled: [] });
    expect(await later.receipt.settled()).toMatchObject({ done: 1, notHandled: [] });
  });

  it("is a dead letter with its own reason when it says so, whatever retry says", async () => {
    const { bus, receipt } = await setup(() => deadLetter("no such customer"));
    expect(await receipt.settled()).toMatchObject({
      deadLettered: 1,
      notHandled: [{ subscription: "asked", outcome: "deadLettered", reason: "no such customer" }],
    });
    expect(await bus.deadLetters.list()).toMatchObject([
      { reason: "no such customer", subscription: "asked" },
    ]);
  });

  it("is dropped with a notice, a counter and its reason, and not kept", async () => {
    const { bus, receipt, lane } = await setup(() => drop("too old"));
    expect(await receipt.settled()).toMatchObject({ dropped: 1, notHandled: [{ reason: "too old" }] });
    expect(bus.deadLetters.size).toBe(0);
    expect(lane.dropped).toBe(1);
  });

  it("may be a thenable of any kind", async () => {
    const { receipt } = await setup(() => ({
      // oxlint-disable-next-line no-thenable -- that is what it is about
      then: (resolve: (value: unknown) => void) => resolve(drop("x")),
    }));
    expect(await receipt.settled()).toMatchObject({ dropped: 1 });
  });
});

describe("what a handler throws", () => {
  it.each(hostile)("never hurts the engine: %s", async (_, thrown) => {
    for (const handler of [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
    ]) {
      const { bus, time, receipt, lane, logged } = await setup(handler);
      expect(await receipt.settled()).toMatchObject({ deadLettered: 1 });
      const [letter] = await bus.deadLetters.list();
      expect(letter!.reason).toBe("failed");
      expect(letter!.attempts[0]!.error).toBeInstanceOf(Error);
      expect((letter!.attempts[0]!.error as ThrownValueError).cause === thrown).toBe(true);
      expect(logged).toHaveLength(1);
      await bus.publish(new Asked({ n: 2 }));
      await time.rest();
      expect(lane).toMatchObject({ running: 0, waiting: 0 });
      expect(bus.deadLetters.size).toBe(2);
    }
  });

  it("reaches nobody who publishes", async () => {
    const { bus } = await setup(() => {
      throw new Error("broken");
    });
    await expect(bus.publish(new Asked({ n: 1 }))).resolves.toMatchObject({ accepted: ["asked"] });
  });

  it("leaves the other subscriptions of the event alone", async () => {
    const { bus, time } = virtualBus({ lanes: { one: { concurrency: 1 } } });
    const seen: string[] = [];
    for (const name of ["a", "b", "c"])
      bus.on(Asked, { name, lane: "one" }, () => {
        seen.push(name);
        if (name === "b") throw new Error("broken");
      });
    await bus.start();
    const receipt = await bus.publish(new Asked({ n: 1 }));
    await time.rest();
    expect(seen).toEqual(["a", "b", "c"]);
    expect(await receipt.settled()).toMatchObject({
      done: 2,
      deadLettered: 1,
      notHandled: [{ subscription: "b", outcome: "deadLettered", reason: "failed" }],
    });
  });
});

describe("functions that decide before the handler", () => {
  it.each([
    [
      "when throws",
      {
        when: () => {
          throw new Error("bad");
        },
      },
    ],
    ["when rejects", { when: () => Promise.reject(new Error("bad")) as never }],
    [
      "key throws",
      {
        key: () => {
          throw new Error("bad");
        },
      },
    ],
    ["key rejects", { key: () => Promise.reject(new Error("bad")) as never }],
    ["key gives no text", { key: () => 7 as never }],
    [
      "dedupe throws",
      {
        dedupe: {
          by: () => {
            throw new Error("bad");
          },
          window: 1,
        },
      },
    ],
    ["dedupe rejects", { dedupe: { by: () => Promise.reject(new Error("bad")) as never, window: 1 } }],
  ] as const)("fail the one delivery whose %s, and nobody else's", async (_, options) => {
    const { bus, time } = virtualBus();
    const seen: string[] = [];
    bus.on(Asked, { name: "bad", ...options }, () => void seen.push("bad"));
    bus.on(Asked, { name: "good" }, () => void seen.push("good"));
    await bus.start();
    const receipt = await bus.publish(new Asked({ n: 1 }));
    await time.rest();
    expect(seen).toEqual(["good"]);
    expect(await receipt.settled()).toMatchObject({
      done: 1,
      deadLettered: 1,
      notHandled: [{ subscription: "bad", outcome: "deadLettered", reason: "failed" }],
    });
  });
});
