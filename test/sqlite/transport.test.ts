/** What the contract does not ask: fairness of priorities, groups of one process, records, leases, quiet, handles. */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test, vi } from "vitest";
import { createBus, Event, type Item } from "signalbox";
import { sqlite } from "signalbox/sqlite";
import { CaseTime } from "../../src/testing/contract/passing-time.js";
import { group, idOf, open, setup, until, wire } from "./setup.js";

describe("priorities", () => {
  test("go first, and the lowest that waits has every 16th turn", async () => {
    const { open: opened } = setup();
    const { transport, items } = await opened();
    await transport.declare(group("reader"));
    const low = Array.from({ length: 5 }, (_, at) => wire(`low-${at}`, { priority: 0 }));
    const high = Array.from({ length: 40 }, (_, at) => wire(`high-${at}`, { priority: 7 }));
    await transport.send([...low, ...high]);
    for (let turn = 1; turn <= 34; turn++) {
      transport.credit("reader", 1);
      await until(() => items.length === turn);
    }
    const came = items.map(idOf);
    expect(came.flatMap((id, at) => (id.startsWith("low") ? [[id, at]] : []))).toEqual([
      ["low-0", 15],
      ["low-1", 31],
    ]);
    expect(came.slice(0, 3)).toEqual(["high-0", "high-1", "high-2"]);
  });
});

describe("a group for each process", () => {
  test("has everything in each, and nothing is kept for one that has left", async () => {
    const { open: opened } = setup();
    const both = [await opened(), await opened()];
    for (const { transport } of both) {
      await transport.declare(group("cache", { audience: "each" }));
      transport.credit("cache", 10);
    }
    await both[0]!.transport.send([wire("a")]);
    await until(() => both.every(({ items }) => items.length === 1));
    await both[1]!.transport.close();
    await both[0]!.transport.send([wire("b")]);
    await until(() => both[0]!.items.length === 2);
    expect(both[0]!.transport.store.groups()).toMatchObject([{ group: "cache", consumers: 1 }]);
  });
});

describe("what is written", () => {
  test("within a turn of the event loop is one transaction", async () => {
    const { file } = setup();
    const database = new DatabaseSync(file);
    database.exec("PRAGMA journal_mode = wal; PRAGMA synchronous = full");
    const { transport, items } = await open({ database });
    await transport.declare(group("reader"));
    transport.credit("reader", 100);
    const exec = vi.spyOn(database, "exec");
    const commits = () => exec.mock.calls.filter(([sql]) => sql === "COMMIT").length;
    await Promise.all(Array.from({ length: 100 }, (_, at) => transport.send([wire(`a-${at}`)])));
    expect([commits(), items.length]).toEqual([1, 100]); // taken in the same one
    await Promise.all(items.map(async (item) => transport.settle(item, { kind: "done" })));
    expect(commits()).toBe(2);
    await transport.close();
    database.close();
  });

  test("of one key within a turn is handed out one by one, in its order", async () => {
    const { open: opened } = setup();
    const { transport, items } = await opened();
    await transport.declare(group("reader", { order: "key" }));
    transport.credit("reader", 10);
    const keyed = ["a", "b", "c"].map((id) => wire(id, { key: "k" }));
    await Promise.all(keyed.map((each) => transport.send([each])));
    for (let out = 1; out <= 3; out++) {
      expect(items.length).toBe(out);
      await transport.settle(items[out - 1]!, { kind: "done" });
    }
    expect(items.map(idOf)).toEqual(["a", "b", "c"]);
  });

  test("of one id within a turn is one event", async () => {
    const { open: opened } = setup();
    const { transport, items } = await opened();
    await transport.declare(group("reader"));
    transport.credit("reader", 10);
    const answers = await Promise.all(
      [wire("a"), wire("b"), wire("a")].map((each) => transport.send([each])),
    );
    expect(answers.flat()).toEqual(["accepted", "accepted", "duplicate"]);
    expect(items.map(idOf)).toEqual(["a", "b"]);
  });

  test("is nothing while all is quiet but a lease, every third of it", async () => {
    const { file } = setup();
    const time = new CaseTime();
    const transport = sqlite({ path: file }).runOn(time.runtime.host);
    await transport.open({ deliver: () => undefined, lost: () => undefined, changed: () => undefined });
    await time.within(transport.declare(group("reader")), "declare()");
    transport.credit("reader", 10);
    await time.pass(5_000);
    const other = new DatabaseSync(file);
    const version = () =>
      (other.prepare("PRAGMA data_version").get() as { data_version: number }).data_version;
    const before = version();
    await time.pass(4_000);
    expect(version() - before).toBe(0);
    await time.pass(2_000);
    expect(version() - before).toBe(1);
    await time.pass(8_000);
    expect(version() - before).toBe(1);
    other.close();
    await transport.close();
    expect(time.timers).toBe(0);
  });
});

describe("a consumer that is never at rest", () => {
  test("gives back what a silent one has, within lease and sweep", async () => {
    const { file } = setup();
    const [time, still] = [new CaseTime(), new CaseTime()];
    const got: string[] = [];
    const sink = { lost: () => undefined, changed: () => undefined };
    const silent = sqlite({ path: file, lease: 1_000 }).runOn(still.runtime.host);
    await silent.open({ ...sink, deliver: () => undefined });
    await still.within(silent.declare(group("reader")), "declare()");
    silent.credit("reader", 1);
    await still.within(Promise.resolve(silent.send([wire("left")])), "send()"); // its clock stands still from here on
    const busy = sqlite({ path: file, lease: 1_000 }).runOn(time.runtime.host);
    const settled = (item: Item): void => void busy.settle(item, { kind: "done" });
    await busy.open({ ...sink, deliver: (item) => (got.push(idOf(item)), settled(item)) });
    await time.within(busy.declare(group("reader")), "declare()");
    busy.credit("reader", 1_000);
    for (let at = 0; at < 75; at++) {
      await time.within(busy.send([wire(`busy-${at}`)]), "send()");
      await time.pass(20);
    }
    expect(got).toContain("busy-0");
    expect(got).toContain("left");
    await busy.close();
    await silent.close();
  });
});

describe("records", () => {
  test("have versions, and whoever comes second is told", async () => {
    const { open: opened } = setup();
    const { store } = (await opened()).transport;
    const value = new Uint8Array([1, 2]);
    expect(await store.put("a/1", value, { ifVersion: 0 })).toBe(true);
    expect(await store.put("a/1", value, { ifVersion: 0 })).toBe(false);
    expect(await store.put("a/1", new Uint8Array([3]), { ifVersion: 1 })).toBe(true);
    expect(store.get("a/1")).toEqual({ value: new Uint8Array([3]), version: 2 });
    expect(await store.delete("a/1", { ifVersion: 1 })).toBe(false);
    expect(await store.delete("a/1", { ifVersion: 2 })).toBe(true);
    expect([store.get("a/1"), await store.delete("a/1")]).toEqual([undefined, false]);
  });

  test("are listed by prefix, page by page, and end with their time", async () => {
    const { open: opened } = setup();
    const { store } = (await opened()).transport;
    for (const key of ["a/2", "a/1", "a/3", "a%", "b/1"]) await store.put(key, new Uint8Array());
    await store.put("a/4", new Uint8Array(), { ttlMs: -1 });
    expect([store.list("a/"), store.list("a/", "a/1", 1)]).toEqual([["a/1", "a/2", "a/3"], ["a/2"]]);
    expect(store.get("a/4")).toBeUndefined();
  });

  test("of leases have one holder at a time", async () => {
    const { open: opened } = setup();
    const [one, two] = [(await opened()).transport.store, (await opened()).transport.store];
    expect(await one.lease("ticks", 50)).toBe(true);
    expect([await two.lease("ticks", 50), await one.lease("ticks", 50)]).toEqual([false, true]);
    const until = performance.now() + 80;
    while (performance.now() < until);
    expect([await two.lease("ticks", 50), await one.lease("ticks", 50)]).toEqual([true, false]);
  });
});

describe("options", () => {
  test("are checked, all faults at once", () => {
    expect(() => sqlite({ path: "a", leese: 3, prefix: "1", synchronous: "off" } as never)).toThrow(
      /Unknown option `leese` in `sqlite`. Did you mean `lease`\?[\s\S]*sqlite.prefix[\s\S]*sqlite.synchronous/,
    );
    expect(() => sqlite({})).toThrow("Expected `sqlite` to have either `path` or `database`");
  });
});

describe("a close", () => {
  test("leaves no handle and no timer, and may be followed by an open", async () => {
    const { file, open: opened } = setup();
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    const { transport } = await opened();
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    await transport.send([wire("a")]);
    await transport.close();
    await transport.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(timers()).toBeLessThanOrEqual(before);
    const alone = new DatabaseSync(file); // only whoever is alone may leave the log
    expect(alone.prepare("PRAGMA journal_mode = delete").get()).toEqual({ journal_mode: "delete" });
    alone.close();
    const again = await open({ path: file });
    await again.transport.declare(group("reader"));
    again.transport.credit("reader", 1);
    await until(() => again.items.length === 1);
    expect(again.items[0]!.deliveries).toBe(2);
  });
});

describe("a group that begins with the earliest event", () => {
  test("a subscription that begins with the earliest event is a fault of start() where no events are kept", async () => {
    class Ping extends Event("test.ping")<{ n: number }> {}
    const { file } = setup();
    const bus = createBus({ transport: sqlite({ path: file }) });
    bus.on(Ping, { name: "late", start: "earliest" }, () => undefined);
    await expect(bus.start()).rejects.toMatchObject({
      faults: [
        'late begins with the earliest event, and none are kept. Give sqlite() `keepEvents`, or begin "now".',
      ],
    });
    expect(existsSync(file)).toBe(false);
  });

  test("is refused where no events are kept", async () => {
    const { open: opened } = setup();
    const { transport } = await opened();
    await expect(transport.declare(group("late", { start: "earliest" }))).rejects.toThrow(
      /Give sqlite\(\) `keepEvents`/,
    );
  });
});
