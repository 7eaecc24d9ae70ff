/** Whatever a handler answers: it is done, a failure, or an outcome that the library made; and its slot goes on. */
/* oxlint-disable no-thenable -- what pretends to be a promise is tried here */
import { describe, expect, test } from "vitest";

import { done, Event, type SubscriptionOptions } from "../../src/index.js";
import { counts, expectCountsToAddUp } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";
import { untouchable } from "./hostile.js";

class Ping extends Event("hostile.ping")<{ n: number }> {}

const no = (): never => {
  throw new Error("do not touch");
};
type Resolve = (value: unknown) => void;

function onlyOnce(): object {
  let reads = 0;
  return {
    get then() {
      return ++reads === 1 ? (resolve: Resolve) => resolve("x") : undefined;
    },
  };
}

/** Symbols throw; what awaits it finds no `then`. */
const unbranded = (): object =>
  new Proxy({}, { get: (_target, key) => (typeof key === "symbol" ? no() : undefined) });

const DONE: Readonly<Record<string, () => unknown>> = {
  "a plain object that looks like a retry": () => ({ outcome: "retry", after: 0, reason: "me" }),
  "a plain object that looks like a dead letter": () => ({ outcome: "deadLetter", reason: "me" }),
  "an object with a brand that is not true": () => ({
    [Symbol.for("signalbox.outcome")]: 1,
    outcome: "drop",
  }),
  "an object without a prototype": () => Object.create(null) as unknown,
  "an object that hides its brand behind an error": unbranded,
  "a symbol": () => Symbol("answer"),
  "a function": () => no,
  "a thenable that resolves at once": () => ({ then: (resolve: Resolve) => resolve("x") }),
  "a thenable that resolves twice": () => ({ then: (resolve: Resolve) => (resolve("x"), resolve("y")) }),
  "a thenable that resolves and then throws": () => ({ then: (resolve: Resolve) => (resolve("x"), no()) }),
  "a thenable that resolves and then rejects": () => ({
    then: (resolve: Resolve, reject: Resolve) => (resolve("x"), reject(new Error("late"))),
  }),
  "an object whose `then` is a function only once": onlyOnce,
  "an object whose `then` is no function": () => ({ then: "later" }),
  "an outcome of the library": () => done(),
};

const FAILED: Readonly<Record<string, () => unknown>> = {
  "an untouchable object": () => untouchable({}),
  "an object whose `then` throws": () => ({
    get then() {
      return no();
    },
  }),
  "a thenable that throws": () => ({ then: no }),
  "a thenable that rejects with itself": () => {
    const thenable = { then: (_resolve: Resolve, reject: Resolve) => reject(thenable) };
    return thenable;
  },
  "a thenable that resolves to one that throws": () => ({
    then: (resolve: Resolve) => resolve({ then: no }),
  }),
  "a thenable that rejects and then resolves": () => ({
    then: (resolve: Resolve, reject: Resolve) => (reject(new Error("first")), resolve("x")),
  }),
};

const WAYS: Readonly<Record<string, SubscriptionOptions<Ping>>> = {
  "from a plain handler": {},
  "through a step": { steps: [async (_delivery, next) => next()] },
  "under a timeout": { timeout: "1h" },
};

async function answered(answer: () => unknown, way: string) {
  const { bus, time } = virtualBus({ lanes: { one: { concurrency: 1 } } });
  let calls = 0;
  bus.on(Ping, { ...WAYS[way], lane: "one", name: "odd" }, () => (calls++ === 0 ? answer() : undefined));
  await bus.start();
  await bus.publish([new Ping({ n: 1 }), new Ping({ n: 2 })]);
  await time.rest();
  expectCountsToAddUp(bus);
  await bus.idle();
  const report = await bus.close();
  expect(report).toMatchObject({ aborted: [], abandoned: [] });
  return counts(bus, "odd");
}

describe.each(Object.keys(WAYS))("answered %s", (way) => {
  test.each(Object.keys(DONE))("%s is done", async (name) => {
    expect(await answered(DONE[name]!, way)).toMatchObject({ handled: 2, deadLettered: 0 });
  });

  test.each(Object.keys(FAILED))("%s is a failure", async (name) => {
    expect(await answered(FAILED[name]!, way)).toMatchObject({ handled: 1, deadLettered: 1 });
  });

  test("a thenable that never settles holds its slot until the deadline of close(), and is named there", async () => {
    const { bus, time } = virtualBus();
    bus.on(Ping, { ...WAYS[way], name: "odd" }, () => ({ then: () => undefined }));
    await bus.start();
    const { id } = await bus.publish(new Ping({ n: 1 }));
    await time.rest();
    const closed = bus.close({ deadline: "5s" });
    await time.advance(6_000);
    expect(await closed).toMatchObject({
      aborted: [`odd (hostile.ping ${id})`],
      abandoned: [`odd (hostile.ping ${id})`],
    });
    expectCountsToAddUp(bus);
    expect(time.timers).toBe(0);
  });
});

describe("a thenable that settles long after its delivery was given up", () => {
  test("is one late notice, however often it settles", async () => {
    const { bus, time } = virtualBus();
    const late: string[] = [];
    let settle: Resolve = no;
    bus.notices.on("delivery.late", ({ subscription }) => late.push(subscription));
    bus.on(Ping, { name: "odd", timeout: 10, grace: 10, stuck: "release" }, () => ({
      then: (resolve: Resolve) => void (settle = resolve),
    }));
    await bus.start();
    await bus.publish(new Ping({ n: 1 }));
    await time.advance(100);
    expect(counts(bus, "odd")).toMatchObject({ deadLettered: 1, running: 0 });
    for (let times = 0; times < 3; times++) settle("late");
    await time.rest();
    expect(late).toEqual(["odd"]);
    expect(counts(bus, "odd")).toMatchObject({ deadLettered: 1, handled: 0 });
    await bus.close();
  });
});
