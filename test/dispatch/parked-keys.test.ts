/** Parked keys of a store where several ask at once: resumes, replays, and what is on its way to the dead letters meanwhile. */
import { expect, test } from "vitest";
import { Burials } from "../../src/dispatch/burials.js";
import { PARKED } from "../../src/dispatch/parked-keys.js";
import type { Item } from "../../src/index.js";
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
  const tell = async (item: Item, how: Parameters<typeof transport.settle>[1]) =>
    void (await transport.settle(item, how));
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
    bury: async (item: Item, reason: string) => {
      burials.bury(item, { kind: "deadLetter", reason }, true);
      await until(() => transport.store.deadLetters({}).some((each) => idOf(each.item) === idOf(item)));
    },
    done: async (item: Item) => {
      await transport.settle(item, { kind: "done" });
      burials.parkedKeys.ended(item);
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
