/** What can go wrong with a file: full, read-only, corrupt, busy, set up for less. Nothing that was accepted is lost. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { createBus } from "signalbox";
import { sqlite } from "signalbox/sqlite";
import { group, idOf, Noted, open, setup, until, wire } from "./setup.js";

function second(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  onTestFinished(() => database.close());
  return database;
}

describe("a full disk", () => {
  test("rejects what does not fit, by name, and hands out all that was accepted", async () => {
    const { file, open: opened } = setup();
    await (await opened()).transport.close();
    const database = second(file);
    database.exec("PRAGMA synchronous = full");
    const { page_count } = database.prepare("PRAGMA page_count").get() as { page_count: number };
    database.exec(`PRAGMA max_page_count = ${page_count + 60}`);
    const { transport, items } = await open({ database });
    await transport.declare(group("reader"));
    const body = new Uint8Array(20_000);
    const answers = await Promise.allSettled(
      Array.from({ length: 30 }, (_, at) => transport.send([wire(`a-${at}`, { body })])),
    );
    const accepted = answers.flatMap(({ status }, at) => (status === "fulfilled" ? [`a-${at}`] : []));
    const refused = answers.filter((each) => each.status === "rejected");
    expect(accepted.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ code: "SIGNALBOX_STORE", problem: "full", transport: "sqlite" });
    expect(String(refused[0]!.reason)).toContain("Make room on the disk");
    transport.credit("reader", 100);
    await until(() => items.length === accepted.length);
    expect(items.map(idOf)).toEqual(accepted);
    for (const item of items) expect(await transport.settle(item, { kind: "done" })).toBe("settled");
    database.exec("PRAGMA max_page_count = 100000");
    expect(await transport.send([wire("b", { body })])).toEqual(["accepted"]);
    await until(() => items.length === accepted.length + 1);
  });

  test("keeps settlements until there is room again, says that it is down, and then that it is up", async () => {
    const { file, open: opened } = setup();
    await (await opened()).transport.close();
    const database = second(file);
    const { transport, items, states } = await open({ database });
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    database.exec("PRAGMA query_only = 1"); // nothing can be written
    const settled = transport.settle(items[0]!, { kind: "done" });
    await until(() => states.length === 1);
    expect(states[0]).toMatch(
      /^down: The store of transport sqlite: attempt to write a readonly database\. Give/,
    );
    database.exec("PRAGMA query_only = 0");
    expect(await settled).toBe("settled");
    expect(states[1]).toBe("up");
    expect(transport.store.groups()).toMatchObject([{ group: "reader", waiting: 0 }]);
  });
});

describe("a read-only connection", () => {
  test("rejects a publish by name", async () => {
    const { file, open: opened } = setup();
    await (await opened()).transport.close();
    const database = new DatabaseSync(file, { readOnly: true });
    onTestFinished(() => database.close());
    const { transport } = await open({ database });
    await expect(transport.send([wire("a")])).rejects.toMatchObject({
      code: "SIGNALBOX_STORE",
      problem: "readonly",
      message: expect.stringContaining("Give this process the right to write") as string,
    });
  });
});

describe("a file that is deleted underneath", () => {
  test("is down by name, accepts and hands out nothing, and goes on when the file is put back", async () => {
    const { file, open: opened } = setup();
    const { transport, items, states } = await opened();
    await transport.declare(group("reader"));
    await transport.send([wire("a")]);
    renameSync(file, `${file}.moved`);
    transport.credit("reader", 10);
    await until(() => states.length === 1);
    expect(states[0]).toContain(
      "its file was deleted, moved or replaced while it was open. Put the file back",
    );
    writeFileSync(file, ""); // replaced
    await expect(transport.send([wire("b")])).rejects.toMatchObject({
      code: "SIGNALBOX_STORE",
      problem: "broken",
    });
    expect(items).toEqual([]);
    renameSync(`${file}.moved`, file);
    await until(() => items.length === 1);
    expect([items.map(idOf), states[1]]).toEqual([["a"], "up"]);
    expect(await transport.send([wire("c")])).toEqual(["accepted"]);
  });

  test("accepts nothing within a transaction of the application either", async () => {
    const { file, open: opened } = setup();
    const { transport } = await opened();
    const own = second(file);
    own.exec("BEGIN IMMEDIATE");
    rmSync(file);
    await expect(transport.send([wire("a")], { transaction: own })).rejects.toThrow("its file was deleted");
  });
});

describe("a corrupt row", () => {
  test.each([
    ["headers that are no JSON", "headers = '{'", /JSON/],
    ["headers that are no object", "headers = '3'", /not an object/],
    ["a body that is no bytes", "body = 'text'", /not bytes/],
    ["a name that is gone", "name = x'00'", /envelope is gone/],
  ])("with %s is handed out as undecodable, and its neighbours flow", async (_, change, says) => {
    const { file, open: opened } = setup();
    const { transport, items } = await opened();
    await transport.declare(group("reader"));
    await transport.send([wire("a"), wire("b"), wire("c")]);
    second(file).exec(`UPDATE signalbox_envelopes SET ${change} WHERE id = 'b'`);
    transport.credit("reader", 10);
    await until(() => items.length === 3);
    const [before, broken, after] = items.map(idOf);
    expect([before, after]).toEqual(["a", "c"]);
    expect(broken).toMatch(says);
    expect(await transport.settle(items[1]!, { kind: "deadLetter", reason: "undecodable" })).toBe("settled");
    expect(transport.store.deadLetters({}).map(({ item }) => "undecodable" in item.envelope)).toEqual([true]);
  });

  test("becomes a dead letter of the bus", async () => {
    const { file, bus: made } = setup();
    const sender = made();
    sender.on(Noted, { name: "reader" }, () => undefined);
    await sender.start();
    sender.lanes.get("reader")!.pause();
    for (const id of ["a", "b", "c"]) await sender.publish(new Noted({ id }), { id });
    await sender.close();
    second(file).exec("UPDATE signalbox_envelopes SET headers = '{' WHERE id = 'b'");
    const got: string[] = [];
    const reader = made();
    reader.on(Noted, { name: "reader" }, ({ id }) => void got.push(id));
    await reader.start();
    await until(() => got.length === 2);
    expect(got.toSorted()).toEqual(["a", "c"]);
    expect((await reader.deadLetters.list()).map(({ reason }) => reason)).toEqual(["undecodable"]);
    expect(reader.deadLetters.size).toBe(0); // its store keeps it
  });
});

describe("a database that is busy", () => {
  test("is waited for without holding up the event loop, and refused by name after busyMax", async () => {
    const { file, open: opened } = setup();
    const { transport } = await opened({ busyMax: 200 });
    const other = second(file);
    other.exec("BEGIN IMMEDIATE");
    const refused = transport.send([wire("a")]);
    let turns = 0;
    const spin = (): void => void (turns++, setImmediate(spin));
    spin();
    await expect(refused).rejects.toMatchObject({ code: "SIGNALBOX_STORE", problem: "busy" });
    expect(turns).toBeGreaterThan(20);
    const waiting = transport.send([wire("b")]);
    other.exec("ROLLBACK");
    expect(await waiting).toEqual(["accepted"]);
  });

  test("is not waited for by a transaction any more when the transport closes", async () => {
    const { file, open: opened } = setup();
    const { transport } = await opened();
    const other = second(file);
    other.exec("BEGIN IMMEDIATE");
    const begun = transport.begin();
    const closed = transport.close();
    await expect(begun).rejects.toThrow("it was closed before the transaction could begin");
    other.exec("ROLLBACK");
    await closed;
  });

  test("is left free by a transaction that was asked for as the transport closed", async () => {
    const { file, open: opened } = setup();
    const { transport } = await opened();
    const begun = transport.begin();
    const closed = transport.close();
    await expect(begun).rejects.toThrow("it was closed before the transaction could begin");
    await closed;
    const other = second(file);
    other.exec("BEGIN IMMEDIATE");
    other.exec("ROLLBACK");
  });

  test("is waited for by a delivery's transaction for longer than busyMax, until its signal aborts", async () => {
    const { file, open: opened } = setup();
    const { transport } = await opened({ busyMax: 20 });
    const other = second(file);
    other.exec("BEGIN IMMEDIATE");
    const { signal } = new AbortController();
    const leaving = new AbortController();
    const given = transport.begin({ signal: leaving.signal });
    const waiting = transport.begin({ signal });
    await expect(transport.begin()).rejects.toMatchObject({ problem: "busy" }); // by then busyMax is over for all
    leaving.abort(new Error("the bus closed"));
    await expect(given).rejects.toThrow("the bus closed");
    other.exec("ROLLBACK");
    await (await waiting).rollBack();
  });
});

describe("a start", () => {
  test.each([
    [":memory:", {}, "its journal mode is memory, not wal"],
    ["/nowhere/at/all.db", {}, "unable to open database file"],
  ])("on %s fails by name", async (path, others, says) => {
    const bus = createBus({ transport: sqlite({ path, ...others }) });
    await expect(bus.start()).rejects.toThrow(says);
  });

  test("on a file that is no database fails by name", async () => {
    const { file } = setup();
    writeFileSync(file, "not a database, whatever its name says; ".repeat(200));
    await expect(createBus({ transport: sqlite({ path: file }) }).start()).rejects.toThrow(/not a database/);
  });
});
