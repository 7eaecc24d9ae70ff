/** What can go wrong with a server: full, read-only, corrupt, set up for less. Nothing that was accepted is lost. */
import { randomBytes } from "node:crypto";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createBus } from "signalbox";
import { postgres } from "signalbox/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { lowerUser, postgresServer } from "../support/postgres-server.js";
import { smallDisk, whyNoSmallDisk } from "../support/small-disk.js";
import { because, busOn, ownServer, why } from "./own-server.js";
import { group, idOf, Noted, open as openAt, until, wire } from "./setup.js";

const { server, open, reading, rows } = ownServer();
const whyNotFull = why ?? whyNoSmallDisk();
if (whyNotFull !== undefined) process.stderr.write(`Tests of a full disk are left out: ${whyNotFull}.\n`);

function disk(megabytes: number) {
  const made = smallDisk(megabytes, lowerUser()!);
  onTestFinished(() => made.remove());
  return made.folder;
}

/* Sends events that nothing compresses until one is refused; answers which were accepted, and why the last was not. */
async function filling(send: (id: string, body: Uint8Array) => Promise<unknown>) {
  const accepted: string[] = [];
  for (;;) {
    const id = `full-${accepted.length}`;
    try {
      await send(id, randomBytes(100_000));
    } catch (error) {
      return { accepted, error };
    }
    accepted.push(id);
  }
}

describe.skipIf(whyNotFull !== undefined)("a full disk of a server", () => {
  test("rejects what does not fit, by name, hands out all that was accepted, and takes more once there is room", async () => {
    await rows(`CREATE TABLESPACE small LOCATION '${disk(16)}'`);
    await rows("CREATE TABLE filler (kilobyte text) TABLESPACE small");
    await rows("INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 8000)");
    const url = `${server().url}?options=-c%20default_tablespace%3Dsmall`;
    const { transport, items } = await open({ url, schema: "full" });
    await transport.declare(group("reader"));
    const { accepted, error } = await filling((id, body) => transport.send([wire(id, { body })]));
    expect(accepted.length).toBeGreaterThan(0);
    expect(error).toMatchObject({ code: "SIGNALBOX_STORE", problem: "full", transport: "postgres" });
    expect(String(error)).toContain("Make room on the server's disk");
    await rows("DROP TABLE filler");
    transport.credit("reader", 1_000);
    await until(() => items.length === accepted.length);
    expect(items.map(idOf)).toEqual(accepted);
    for (const item of items) expect(await transport.settle(item, { kind: "done" })).toBe("settled");
    expect(await transport.send([wire("room", { body: randomBytes(100_000) })])).toEqual(["accepted"]);
    await until(() => items.length === accepted.length + 1);
  });

  test("that keeps its log, too, may end the server: all that was accepted is there when it starts again", async () => {
    const folder = disk(96);
    const own = await postgresServer({ min_wal_size: "32MB", max_wal_size: "32MB" }, folder);
    onTestFinished(() => own.remove());
    const filler = path.join(folder, "filler");
    writeFileSync(filler, new Uint8Array(24_000_000));
    const bus = busOn({ url: own.url, reconnectMax: 200 });
    const got: string[] = [];
    bus.on(Noted, { name: "reader" }, ({ id }) => void got.push(id));
    await bus.start();
    bus.lanes.get("reader")!.pause();
    const { accepted } = await filling((id, body) =>
      bus.publish(new Noted({ id, body: Buffer.from(body).toString("base64") }), { id }),
    );
    expect(accepted.length).toBeGreaterThan(0);
    rmSync(filler);
    await own.kill();
    await own.start();
    bus.lanes.get("reader")!.resume();
    await until(() => accepted.every((id) => got.includes(id)));
    await bus.publish(new Noted({ id: "room" }), { id: "room" });
    await until(() => got.includes("room"));
  });
});

describe.skipIf(why !== undefined)(`a server that may only be read${because}`, () => {
  const READ_ONLY = "ALTER SYSTEM SET default_transaction_read_only";

  test("rejects a publish, by name, keeps settlements until it may be written to, and says that it is down and up", async () => {
    onTestFinished(async () => {
      await rows(`${READ_ONLY} = off`);
      await rows("SELECT pg_reload_conf()");
    });
    const { transport, items, states } = await open({ reconnectMax: 100 });
    await transport.declare(group("reading"));
    transport.credit("reading", 1);
    await transport.send([wire("read-1")]);
    await until(() => items.length === 1);
    await rows(`${READ_ONLY} = on`);
    await rows("SELECT pg_reload_conf()");
    await expect(transport.send([wire("read-2")])).rejects.toMatchObject({
      code: "SIGNALBOX_STORE",
      problem: "readonly",
      message: expect.stringContaining("Connect to the primary") as string,
    });
    const settled = transport.settle(items[0]!, { kind: "done" });
    await until(() => states.length > 0);
    expect(states[0]).toMatch(/^down: .*read-only transaction/);
    await rows(`${READ_ONLY} = off`);
    await rows("SELECT pg_reload_conf()");
    expect(await settled).toBe("settled");
    await until(() => states.at(-1) === "up");
  });

  test("because a right was taken from the role rejects a publish, by name, until it is given back", async () => {
    await rows("CREATE ROLE clerk LOGIN");
    await (await open({ schema: "granted" })).transport.close();
    await rows("GRANT USAGE ON SCHEMA granted TO clerk");
    await rows("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA granted TO clerk");
    await rows("GRANT USAGE ON ALL SEQUENCES IN SCHEMA granted TO clerk");
    const url = server().url.replace("postgres@", "clerk@");
    const { transport, items } = await open({ url, schema: "granted" });
    await transport.declare(group("reader"));
    await transport.send([wire("a")]);
    await rows("REVOKE INSERT ON granted.envelopes FROM clerk");
    await expect(transport.send([wire("b")])).rejects.toMatchObject({ problem: "readonly" });
    await rows("GRANT INSERT ON granted.envelopes TO clerk");
    await transport.send([wire("c")]);
    transport.credit("reader", 10);
    await until(() => items.length === 2);
    expect(items.map(idOf)).toEqual(["a", "c"]);
  });
});

describe.skipIf(why !== undefined)(`a corrupt row of a server${because}`, () => {
  test.each([
    ["headers that are no JSON", "UPDATE corrupt.envelopes SET headers = '{'", /JSON/],
    ["headers that are no object", "UPDATE corrupt.envelopes SET headers = '3'", /not an object/],
    ["an envelope that is gone", "DELETE FROM corrupt.envelopes", /envelope is gone/],
  ])("with %s is handed out as undecodable, and its neighbours flow", async (what, change, says) => {
    const name = `reader of ${what.replaceAll(" ", "-")}`.replace(" of ", "-");
    const { transport, items } = await open({ schema: "corrupt" });
    await transport.declare(group(name));
    await transport.send([wire(`${name}-a`), wire(`${name}-b`), wire(`${name}-c`)]);
    await rows(`${change} WHERE id = '${name}-b'`);
    transport.credit(name, 10);
    await until(() => items.length === 3);
    const [before, broken, after] = items.map(idOf);
    expect([before, after]).toEqual([`${name}-a`, `${name}-c`]);
    expect(broken).toMatch(says);
    const letter = { kind: "deadLetter", reason: "undecodable" } as const;
    expect(await transport.settle(items[1]!, letter)).toBe("settled");
    const letters = await transport.store.deadLetters({ group: name });
    expect(letters.map(({ item }) => "undecodable" in item.envelope)).toEqual([true]);
    await transport.store.removeGroup(name);
  });

  test("becomes a dead letter of the bus", async () => {
    const { transport } = await open();
    await transport.declare(group("corrupted"));
    await transport.send(["a", "b", "c"].map((id) => wire(id)));
    await rows("UPDATE signalbox.envelopes SET headers = '{' WHERE id = 'b'");
    const { bus, got } = await reading("corrupted");
    await until(() => got.length === 2);
    expect(got.toSorted()).toEqual(["a", "c"]);
    expect((await bus.deadLetters.list()).map(({ reason }) => reason)).toEqual(["undecodable"]);
  });
});

describe.skipIf(why !== undefined)(`a corrupt page of a server${because}`, () => {
  test("that is in the way of what comes next is told by name, and keeps nothing that is out from being settled", async () => {
    const { transport, items, states } = await open({ schema: "damaged", lease: "1m", reconnectMax: 100 });
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    await transport.send([wire("b", { body: randomBytes(100_000) })]);
    const bodies = "(SELECT reltoastrelid FROM pg_class WHERE oid = 'damaged.envelopes'::regclass)";
    const file = `current_setting('data_directory') || '/' || pg_relation_filepath(${bodies}) AS file`;
    const [found] = await rows(`SELECT ${file}`);
    await rows("CHECKPOINT");
    await server().kill();
    truncateSync(found!["file"] as string, 8_192); // of more than ten pages
    await server().start();
    states.splice(0);
    transport.credit("reader", 1);
    const says =
      /^down: .*(missing chunk|could not read block|unexpected chunk).* Look at the server's log, and restore it/;
    await until(() => states.some((state) => says.test(state)));
    expect(await transport.settle(items[0]!, { kind: "done" })).toBe("settled");
  });
});

describe.skipIf(why !== undefined)(`a server that is set up for less${because}`, () => {
  test.each(["fsync", "full_page_writes"])("is refused at start where %s is off, by name", async (name) => {
    const less = await postgresServer({ [name]: "off" });
    onTestFinished(() => less.remove());
    const says = `${name} is off, which does not survive a power loss. Set \`${name} = on\` on the server, before start()`;
    await expect(createBus({ transport: postgres({ url: less.url }) }).start()).rejects.toThrow(says);
    const { transport } = await openAt({ url: less.url, survives: "process" });
    expect(transport.features.survives).toBe("process");
  });
});
