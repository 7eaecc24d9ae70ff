/** Parked keys of a store where several ask at once: resumes, replays, and what is on its way to the dead letters meanwhile. */
import { expect, test } from "vitest";
import { Burials } from "../../src/dispatch/burials.js";
import { PARKED } from "../../src/dispatch/parked-keys.js";
import type { Item } from "../../src/index.js";
import { processRuntime } from "../../src/runtime/runtime.js";
import { Timers } from "../../src/runtime/timers.js";
import { group, idOf, open, setup as files, until, wire } from "../sqlite/setup.js";

const KEY = "ada";

/* A process without a bus: each item that comes waits for the test. */
async function setup() {
  const { transport, items } = await open({ path: files().file });
  await transport.declare(group("books", { order: "key" }));
  transport.credit("books", 100);
  const failed = (_: string, error: unknown): never => {
    throw error;
  };
  const tell = async (item: Item, how: Parameters<typeof transport.settle>[1]) => transport.settle(item, how);
  const made = () => new Burials({ store: transport.store, tell, failed });
  const burials = made();
  const next = async (): Promise<Item> => {
    await until(() => items.length > 0);
    return items.shift()!;
  };
  return {
    transport,
    burials,
    made,
    next,
    send: (...ids: string[]) => transport.send(ids.map((id) => wire(id, { key: KEY }))),
    /* Taken away from whoever had it, as by a lease that has run out. */
    lose: async (item: Item) => {
      await transport.settle(item, { kind: "release" });
      return next();
    },
    written: () => burials.answered(new Timers(processRuntime)),
    bury: async (item: Item, reason: string) => {
      burials.bury(item, { kind: "deadLetter", reason }, true);
      await until(() => transport.store.deadLetters({}).some((each) => idOf(each.item) === idOf(item)));
    },
    done: async (item: Item) => {
      await transport.settle(item, { kind: "done" });
      burials.ended(item);
    },
    letters: () => transport.store.deadLetters({ group: "books" }).map(({ item }) => idOf(item)),
    records: () => transport.store.list("signalbox/parked/"),
  };
}

test("a second resume takes nothing from the first: both have their turn, in order", async () => {
  const { burials, made, next, send, bury, done, letters, records } = await setup();
  await send("1", "2", "3");
  await bury(await next(), "failed");
  await bury(await next(), PARKED);
  const third = await next();
  await burials.parkedKeys.resume("books", KEY); // 2 comes after 3, which is out
  await bury(third, PARKED);
  await made().parkedKeys.resume("books", KEY);
  const second = await next();
  expect([idOf(second), await burials.stops(second)]).toEqual(["2", false]);
  await done(second);
  const again = await next();
  expect([idOf(again), await burials.stops(again)]).toEqual(["3", false]);
  await done(again);
  await until(() => records().length === 0);
  expect(letters()).toEqual(["1"]);
});

test("what was stopped while its key was freed is not left behind", async () => {
  const { burials, next, send, bury, letters, records } = await setup();
  await send("1", "2");
  await bury(await next(), "failed");
  const stopped = await next();
  expect(await burials.stops(stopped)).toBe(true);
  expect(await burials.parkedKeys.resume("books", KEY)).toBe(0);
  expect(records()).toEqual([]);
  burials.bury(stopped, { kind: "deadLetter", reason: PARKED }, true);
  const again = await next();
  expect([idOf(again), await burials.stops(again)]).toEqual(["2", false]);
  expect(letters()).toEqual(["1"]);
});

test("the head that is replayed apart leaves what follows it parked", async () => {
  const { transport, burials, next, send, bury, done, letters } = await setup();
  await send("1", "2");
  await bury(await next(), "failed");
  await bury(await next(), PARKED);
  const [head] = transport.store.deadLetters({ group: "books" });
  await burials.parkedKeys.letPass(head!.item);
  await transport.store.redrive(head!.id);
  const again = await next();
  expect(await burials.stops(again)).toBe(false);
  await done(again);
  await transport.store.put("barrier", new Uint8Array());
  await transport.store.put("barrier", new Uint8Array());
  expect(letters()).toEqual(["2"]);
});

test("a head that fails after it was lost leaves its key free, when the one who has it now is done", async () => {
  const { burials, next, lose, send, done, written, letters, records } = await setup();
  await send("1", "2");
  const lost = await next();
  await done(await lose(lost));
  burials.bury(lost, { kind: "deadLetter", reason: "failed" }, true);
  await written();
  expect([await burials.stops(await next()), letters(), records()]).toEqual([false, [], []]);
});

test("what was stopped before that head was known to be lost goes on", async () => {
  const { burials, next, lose, send, bury, done, written, letters, records } = await setup();
  await send("1", "2");
  const lost = await next();
  await done(await lose(lost));
  const second = await next();
  await burials.parkedKeys.park(lost, "failed");
  expect(await burials.stops(second)).toBe(true);
  await bury(second, PARKED);
  await burials.parkedKeys.takeBack(lost);
  const again = await next();
  expect([idOf(again), await burials.stops(again)]).toEqual(["2", false]);
  await done(again);
  await written();
  expect([letters(), records()]).toEqual([[], []]);
});

test("a head that fails after it was lost parks its key where the one who has it now fails, too", async () => {
  for (const isFirst of [true, false]) {
    const { burials, next, lose, send, bury, written, letters } = await setup();
    await send("1", "2");
    const lost = await next();
    const again = await lose(lost);
    const fail = async (): Promise<void> => {
      burials.bury(lost, { kind: "deadLetter", reason: "failed" }, true);
      await written();
    };
    if (isFirst) await fail();
    await bury(again, "failed");
    if (!isFirst) await fail();
    expect(await burials.stops(await next())).toBe(true);
    expect(letters()).toEqual(["1"]);
  }
});

test("a head whose process died while it parked the key is handled again, and what is behind it goes on", async () => {
  const { burials, next, lose, send, bury, done, written, letters, records } = await setup();
  await send("1", "2");
  const first = await next();
  await burials.parkedKeys.park(first, "failed");
  const again = await lose(first);
  expect(await burials.stops(again)).toBe(false);
  await done(again);
  const second = await next();
  await written();
  expect([await burials.stops(second), records(), letters()]).toEqual([false, [], []]);
  await bury(second, "failed");
  expect(letters()).toEqual(["2"]);
});
