import { describe, expect, it } from "vitest";
import type { SubscriptionOptions } from "../../src/delivery/policies.js";
import { BusClosedError, type BusOptions, deadLetter, Event, LaneFullError } from "../../src/index.js";
import { KeptDeadLetters } from "../../src/dispatch/dead-letters.js";
import { type DeadLetter, DeadLetterBox } from "../../src/ledger/dead-letter-box.js";
import { deferred, virtualBus, VirtualTime } from "../support/virtual.js";

class Paid extends Event("letters.paid")<{ n: number; card?: { number: string; holder: string } }> {}
class Sent extends Event("letters.sent")<{ n: number }> {}

/** A subscription that fails for the numbers in `broken`. */
async function setup(options: SubscriptionOptions<Paid> = {}, busOptions: BusOptions = {}) {
  const { bus, time, logged } = virtualBus(busOptions as BusOptions<[]>);
  const broken = new Set<number>();
  const seen: Paid[] = [];
  bus.on(Paid, { name: "ledger", ...options }, (event) => {
    seen.push(event);
    if (broken.has(event.n)) throw new Error(`broken ${event.n}`);
  });
  bus.on(Sent, { name: "mail" }, () => deadLetter("no address"));
  await bus.start();
  const publish = async (...numbers: number[]) => {
    const receipts = await bus.publish(numbers.map((n) => new Paid({ n })));
    await time.rest();
    return receipts;
  };
  const letters = async () =>
    (await bus.deadLetters.list()).map(({ event, reason }) => [(event as Paid).n, reason]);
  return { bus, time, logged, broken, seen, numbers: () => seen.map(({ n }) => n), publish, letters };
}

describe("dead letters", () => {
  it("are listed oldest first, by event, subscription and reason", async () => {
    const { bus, time, broken, publish } = await setup();
    broken.add(1).add(2);
    await publish(1, 2);
    await bus.publish(new Sent({ n: 3 }));
    await time.rest();
    const list = async (filter?: object) =>
      (await bus.deadLetters.list(filter)).map(({ event }) => (event as Paid).n);
    expect(await list()).toEqual([1, 2, 3]);
    expect(await list({ events: Paid })).toEqual([1, 2]);
    expect(await list({ events: [Paid, Sent] })).toEqual([1, 2, 3]);
    expect(await list({ subscription: "mail" })).toEqual([3]);
    expect(await list({ reason: "no address" })).toEqual([3]);
    expect(await list({ events: Paid, reason: "no address" })).toEqual([]);
  });

  it("tell the whole story: event, envelope, who, why, when, every attempt", async () => {
    const { bus, time, broken } = await setup({ retry: { attempts: 2, delay: "1s", jitter: false } });
    broken.add(1);
    const { id } = await bus.publish(new Paid({ n: 1 }), { headers: { tenant: "t" } });
    await time.advance(5_000);
    const [letter] = await bus.deadLetters.list({ events: Paid });
    const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);
    expect(letter).toMatchObject({
      event: { n: 1 },
      envelope: { id, name: "letters.paid", headers: { tenant: "t" } },
      subscription: "ledger",
      reason: "failed",
      at: at(1_000),
      raw: undefined,
    });
    expect(letter!.attempts).toMatchObject([
      { attempt: 1, at: at(0), error: new Error("broken 1") },
      { attempt: 2, at: at(1_000), error: new Error("broken 1") },
    ]);
    expect(letter!.event).toBeInstanceOf(Paid);
    expect(Object.isFrozen(letter)).toBe(true);
  });

  it("go, oldest first, past their number", async () => {
    const { publish, letters, broken } = await setup({}, { deadLetters: { max: 2 } });
    for (const n of [1, 2, 3]) broken.add(n);
    await publish(1, 2, 3);
    expect(await letters()).toEqual([
      [2, "failed"],
      [3, "failed"],
    ]);
  });

  it("go when they are too old", async () => {
    const { bus, time, publish, broken } = await setup({}, { deadLetters: { maxAge: "1h" } });
    broken.add(1);
    await publish(1);
    await time.advance(3_599_999);
    expect(bus.deadLetters.size).toBe(1);
    await time.advance(1);
    expect(bus.deadLetters.size).toBe(0);
    expect(await bus.deadLetters.list()).toEqual([]);
  });

  it("can be listed when the bus is closed, and not replayed", async () => {
    const { bus, publish, broken } = await setup();
    broken.add(1);
    await publish(1);
    await bus.close();
    const [letter] = await bus.deadLetters.list();
    await expect(bus.deadLetters.replay(letter!)).rejects.toThrow(BusClosedError);
    expect(bus.deadLetters.size).toBe(1);
  });
});

describe("a replay", () => {
  it("goes to the one subscription that failed, with new attempts and the same id", async () => {
    const { bus, time } = virtualBus();
    const seen: string[] = [];
    let isBroken = true;
    bus.on(Paid, { name: "good" }, () => void seen.push("good"));
    bus.on(Paid, { name: "bad", retry: { attempts: 2, delay: 1 } }, (_, { attempt, eventId }) => {
      seen.push(`bad ${attempt} ${eventId}`);
      if (isBroken) throw new Error("bad");
    });
    await bus.start();
    const { id } = await bus.publish(new Paid({ n: 1 }));
    await time.advance(10);
    isBroken = false;
    const [letter] = await bus.deadLetters.list();
    const receipt = await bus.deadLetters.replay(letter!);
    expect(receipt).toMatchObject({ id, accepted: ["bad"], held: false });
    expect(bus.deadLetters.size).toBe(0);
    expect(await receipt.settled()).toMatchObject({ done: 1, deadLettered: 0 });
    expect(seen).toEqual(["good", `bad 1 ${id}`, `bad 2 ${id}`, `bad 1 ${id}`]);
  });

  it("is a tree of its own: the first publish stays settled", async () => {
    const { bus, publish, broken } = await setup();
    broken.add(1);
    const [first] = await publish(1);
    const [letter] = await bus.deadLetters.list();
    broken.clear();
    await (await bus.deadLetters.replay(letter!)).settled();
    expect(await first!.settled()).toMatchObject({ deadLettered: 1, done: 0 });
  });

  it("can be edited, and an edit that throws or gives another event loses nothing", async () => {
    const { bus, time, publish, broken, numbers } = await setup();
    broken.add(1);
    await publish(1);
    const [letter] = await bus.deadLetters.list({ events: Paid });
    const edits = [
      () => {
        throw new Error("no");
      },
      () => new Sent({ n: 1 }) as never,
      () => ({ n: 1 }) as never,
    ];
    for (const edit of edits)
      await expect(bus.deadLetters.replay(letter!, { edit })).rejects.toThrow(/^no$|Expected `edit`/);
    expect(bus.deadLetters.size).toBe(1);
    await bus.deadLetters.replay(letter!, { edit: ({ n }) => new Paid({ n: n + 100 }) });
    await time.rest();
    expect(numbers()).toEqual([1, 101]);
  });

  it("happens once, however often it is asked for", async () => {
    const { bus, time, publish, broken, numbers } = await setup();
    broken.add(1);
    await publish(1);
    const [letter] = await bus.deadLetters.list();
    const answers = await Promise.allSettled([1, 2, 3].map(() => bus.deadLetters.replay(letter!)));
    await time.rest();
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(numbers()).toEqual([1, 1]);
    expect(bus.deadLetters.size).toBe(1);
  });

  it("finds a place in a full lane: it was accepted once", async () => {
    const { bus, time } = virtualBus();
    let gate = deferred();
    bus.on(Paid, { lane: { capacity: 1, concurrency: 1, overflow: "reject" } }, async ({ n }) => {
      if (n === 1) throw new Error("broken");
      await gate.promise;
    });
    await bus.start();
    await bus.publish(new Paid({ n: 1 }));
    await time.rest();
    await bus.publish(new Paid({ n: 2 }));
    await time.rest();
    await bus.publish(new Paid({ n: 3 }));
    const [letter] = await bus.deadLetters.list();
    await expect(bus.deadLetters.replay(letter!)).resolves.toMatchObject({ accepted: [expect.any(String)] });
    gate.resolve();
    await time.rest();
  });

  it("runs inside its own delivery: what it publishes has it as its cause and waits with it", async () => {
    const { bus, time } = virtualBus();
    const causes: (string | undefined)[] = [];
    let isBroken = true;
    bus.on(Paid, { name: "ledger" }, async () => {
      if (isBroken) throw new Error("broken");
      await bus.publish(new Sent({ n: 1 }));
    });
    bus.on(Sent, (_, { cause }) => void causes.push(cause));
    await bus.start();
    const { id } = await bus.publish(new Paid({ n: 1 }));
    await time.rest();
    isBroken = false;
    const [letter] = await bus.deadLetters.list();
    const tally = await (await bus.deadLetters.replay(letter!)).settled();
    expect(tally).toMatchObject({ done: 2 });
    expect(causes).toEqual([id]);
  });

  it("to a subscription that is gone is refused by name, and the letter stays", async () => {
    const { bus, time } = virtualBus();
    const undo = bus.on(Paid, { name: "ledger" }, () => Promise.reject(new Error("broken")));
    await bus.start();
    await bus.publish(new Paid({ n: 1 }));
    await time.rest();
    const [letter] = await bus.deadLetters.list();
    undo();
    await expect(bus.deadLetters.replay(letter!)).rejects.toThrow("No subscription is named ledger any more");
    expect(bus.deadLetters.size).toBe(1);
  });

  it("takes a place of the lane while it waits, and gives it back", async () => {
    const { bus, time } = virtualBus();
    let isBroken = true;
    bus.on(Paid, { name: "ledger", lane: { capacity: 2, overflow: "reject" } }, () =>
      isBroken ? Promise.reject(new Error("broken")) : undefined,
    );
    await bus.start();
    const lane = bus.lanes.get("ledger")!;
    await bus.publish(new Paid({ n: 1 }));
    await time.rest();
    isBroken = false;
    lane.pause();
    const [letter] = await bus.deadLetters.list();
    const receipt = await bus.deadLetters.replay(letter!);
    expect(receipt).toMatchObject({ deduplicated: [], unhandled: false, held: false });
    await bus.publish(new Paid({ n: 2 }));
    await expect(bus.publish(new Paid({ n: 3 }))).rejects.toThrow(LaneFullError);
    lane.resume();
    await time.rest();
    lane.pause();
    await bus.publish([new Paid({ n: 4 }), new Paid({ n: 5 })]);
    await expect(bus.publish(new Paid({ n: 6 }))).rejects.toThrow(LaneFullError);
  });

  it("of what never became an event is refused, and the letter stays", async () => {
    const { runtime } = new VirtualTime();
    const box = new DeadLetterBox(10, 1_000_000);
    const now = new Date(runtime.host.now());
    const letter = { id: "x", event: {}, subscription: "s", at: now, raw: new Uint8Array() } as DeadLetter;
    box.add(letter);
    const letters = new KeptDeadLetters({
      facilities: { deadLetters: box, runtime },
      registry: { route: () => ({}) },
      checkOpen: () => undefined,
    } as never);
    await expect(letters.replay(letter)).rejects.toThrow('Dead letter `"x"` (string) never became an event.');
    expect(letters.size).toBe(1);
  });

  it("of a discarded letter is refused, and the reason is in the journal", async () => {
    const { bus, publish, broken } = await setup({}, { journal: true });
    broken.add(1);
    await publish(1);
    const [letter] = await bus.deadLetters.list();
    await bus.deadLetters.discard(letter!, "a test order");
    expect(bus.deadLetters.size).toBe(0);
    await expect(bus.deadLetters.replay(letter!)).rejects.toThrow("is not kept any more");
    await expect(bus.deadLetters.discard(letter!, "again")).rejects.toThrow("is not kept any more");
    expect(bus.explain(letter!.envelope.id).at(-1)).toMatchObject({
      decision: "discarded",
      because: "a test order",
    });
  });
});

describe("a parked key", () => {
  const park = { keyFailure: "park", key: () => "k", lane: { concurrency: 1 } } as const;

  it("sends what comes of it to the dead letters, until it is resumed, in order", async () => {
    const { bus, time, publish, broken, letters, numbers } = await setup(park);
    broken.add(1);
    const receipts = await publish(1, 2, 3);
    await publish(4);
    expect(await letters()).toEqual([
      [1, "failed"],
      [2, "parked"],
      [3, "parked"],
      [4, "parked"],
    ]);
    expect(numbers()).toEqual([1]);
    expect(await receipts[1]!.settled()).toMatchObject({
      deadLettered: 1,
      notHandled: [{ reason: "parked" }],
    });
    expect(await bus.deadLetters.resume("ledger", "k")).toBe(3);
    await time.rest();
    expect(numbers()).toEqual([1, 2, 3, 4]);
    expect(await letters()).toEqual([[1, "failed"]]);
    await publish(5);
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it("does not touch other keys and deliveries without one", async () => {
    const key = ({ n }: Paid) => (n > 9 ? "other" : n > 4 ? undefined : "k");
    const { publish, broken, numbers } = await setup({ ...park, key });
    broken.add(1);
    await publish(1, 2, 10, 5);
    expect(numbers()).toEqual([1, 10, 5]);
  });

  it("goes on by default", async () => {
    const { publish, broken, numbers, letters } = await setup({ key: () => "k" });
    broken.add(1);
    await publish(1, 2);
    expect(numbers()).toEqual([1, 2]);
    expect(await letters()).toEqual([[1, "failed"]]);
  });

  it("lets its failed head be replayed apart, before it is resumed", async () => {
    const { bus, time, publish, broken, letters, numbers } = await setup(park);
    broken.add(1);
    await publish(1, 2, 3);
    broken.clear();
    const [head] = await bus.deadLetters.list({ reason: "failed" });
    await bus.deadLetters.replay(head!);
    await time.rest();
    expect(numbers()).toEqual([1, 1]);
    await publish(4);
    expect(await letters()).toEqual([
      [2, "parked"],
      [3, "parked"],
      [4, "parked"],
    ]);
    await bus.deadLetters.resume("ledger", "k");
    await time.rest();
    expect(numbers()).toEqual([1, 1, 2, 3, 4]);
  });

  it("parks again when one of the resumed fails, and keeps the order then too", async () => {
    const { bus, time, publish, broken, letters, numbers } = await setup(park);
    broken.add(1).add(3);
    await publish(1, 2, 3, 4, 5);
    await bus.deadLetters.resume("ledger", "k");
    await time.rest();
    expect(numbers()).toEqual([1, 2, 3]);
    expect(await letters()).toEqual([
      [1, "failed"],
      [3, "failed"],
      [4, "parked"],
      [5, "parked"],
    ]);
    broken.clear();
    await bus.deadLetters.resume("ledger", "k");
    await time.rest();
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it("is not taken for an attempt: a breaker that probes learns nothing from it, and nobody counts it as run", async () => {
    const lane = { concurrency: 1, breaker: { failures: 1, pause: "1s" } } as const;
    const { bus, time, publish, broken, letters, numbers } = await setup({ ...park, lane });
    broken.add(1);
    await publish(1, 2);
    const changes: string[] = [];
    bus.notices.on("lane.resumed", ({ lane: name }) => void changes.push(name));
    await time.advance(1_000);
    expect(await letters()).toEqual([
      [1, "failed"],
      [2, "parked"],
    ]);
    expect([numbers(), changes]).toEqual([[1], []]);
    expect(bus.health().reasons).toEqual(["lane ledger: its breaker is open"]);
  });

  it("is resumed before what waits in its lane, which came later", async () => {
    const { bus, time, publish, broken, numbers } = await setup(park);
    broken.add(1);
    await publish(1, 2, 3);
    const lane = [...bus.lanes.values()].find(({ name }) => name.includes("ledger"))!;
    lane.pause();
    await publish(4, 5);
    expect(lane.waiting).toBe(2);
    await bus.deadLetters.resume("ledger", "k");
    lane.resume();
    await time.rest();
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it("is resumed without what waits for other keys and other subscriptions of its lane, and without replays", async () => {
    const { bus, time } = virtualBus({ lanes: { shared: { concurrency: 1 } } });
    const seen: string[] = [];
    let isBroken = true;
    const key = ({ n }: Paid) => (n < 10 ? "k" : "other");
    const options = { lane: "shared", keyFailure: "park", key } as const;
    for (const name of ["a", "b"])
      bus.on(Paid, { name, ...options }, ({ n }) => {
        if (name === "a" && n === 1 && isBroken) throw new Error("broken");
        seen.push(`${name}${n}`);
      });
    await bus.start();
    await bus.publish([new Paid({ n: 1 }), new Paid({ n: 2 })]);
    await time.rest();
    isBroken = false;
    bus.lanes.get("shared")!.pause();
    const [head] = await bus.deadLetters.list({ reason: "failed" });
    await bus.deadLetters.replay(head!);
    await bus.publish([new Paid({ n: 3 }), new Paid({ n: 10 })]);
    expect(await bus.deadLetters.resume("a", "k")).toBe(2);
    expect(bus.deadLetters.size).toBe(0);
    bus.lanes.get("shared")!.resume();
    await time.rest();
    expect(seen.toSorted()).toEqual(["a1", "a10", "a2", "a3", "b1", "b10", "b2", "b3"]);
    expect(seen.filter((each) => each.startsWith("a"))).toEqual(["a1", "a10", "a2", "a3"]);
  });

  it("that is not parked has nothing to resume, and what waits stays where it is", async () => {
    const { bus, time, publish, numbers } = await setup(park);
    bus.lanes.get("ledger")!.pause();
    await publish(1, 2);
    expect(await bus.deadLetters.resume("ledger", "k")).toBe(0);
    expect(bus.lanes.get("ledger")!.waiting).toBe(2);
    bus.lanes.get("ledger")!.resume();
    await time.rest();
    expect(numbers()).toEqual([1, 2]);
  });

  it("is resumed in one go: nothing published meanwhile comes between", async () => {
    const { bus, time, publish, broken, numbers } = await setup(park);
    broken.add(1);
    await publish(1, 2, 3, 4);
    const resumed = bus.deadLetters.resume("ledger", "k");
    await bus.publish(new Paid({ n: 5 }));
    await resumed;
    await time.rest();
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it("may be a key of the event itself, or one that the subscription refines", async () => {
    class Keyed extends Event("letters.keyed", { key: (event) => (event as { to?: string }).to })<{
      n: number;
      to: string;
    }> {}
    const { bus, time } = virtualBus();
    const seen: string[] = [];
    const handler =
      (name: string) =>
      ({ n }: Keyed) => {
        seen.push(`${name}${n}`);
        if (n === 1) throw new Error("broken");
      };
    bus.on(Keyed, { name: "own", keyFailure: "park" }, handler("own"));
    bus.on(Keyed, { name: "refined", keyFailure: "park", key: ({ to }) => `${to}!` }, handler("refined"));
    await bus.start();
    await bus.publish([1, 2].map((n) => new Keyed({ n, to: "x" })));
    await time.rest();
    expect(await bus.deadLetters.resume("own", "x")).toBe(1);
    expect(await bus.deadLetters.resume("refined", "x")).toBe(0);
    expect(await bus.deadLetters.resume("refined", "x!")).toBe(1);
    await time.rest();
    expect(seen.sort()).toEqual(["own1", "own2", "refined1", "refined2"]);
  });

  it("needs the name of a subscription", async () => {
    const { bus } = await setup(park);
    await expect(bus.deadLetters.resume("nobody", "k")).rejects.toThrow(
      new TypeError('No subscription is named `"nobody"` (string).'),
    );
  });
});

describe("redaction", () => {
  const card = { number: "4111111111111111", holder: "Ada" };

  it("hides the paths in lists and in their JSON, while a replay delivers the original", async () => {
    const options = { redact: ["data.card.number"], journal: true } as const;
    const { bus, time, logged, seen, broken } = await setup({}, options);
    broken.add(1);
    const { id } = await bus.publish(new Paid({ n: 1, card }));
    await time.rest();
    const [letter] = await bus.deadLetters.list({ events: Paid });
    expect(letter!.event).toBeInstanceOf(Paid);
    expect(letter!.event.card).toEqual({ number: "[redacted]", holder: "Ada" });
    const shown = JSON.stringify([letter, logged, bus.explain(id), bus.describe()]);
    expect(shown).toContain("[redacted]");
    expect(shown).not.toContain(card.number);
    broken.clear();
    let edited: Paid | undefined;
    await bus.deadLetters.replay(letter!, { edit: (event) => (edited = event) });
    await time.rest();
    expect(edited?.card).toEqual(card);
    expect(seen.at(-1)!.card).toEqual(card);
  });
});
