/** What servers do to the transport: absent, restarted, gone, or deaf on one connection. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { worker } from "../crash/build.mjs";
import { because, BUSY, LEASE, ownServer, surely, why } from "./own-server.js";
import { group, idOf, until, wire } from "./setup.js";

const { server, between, behind, open, bus, reading, rows } = ownServer();

describe.skipIf(why !== undefined)(`a server${because}`, () => {
  test("that is absent at start is named by start()", async () => {
    await between().refuse();
    await expect(bus().start()).rejects.toThrow(/The store of transport postgres: .*ECONNREFUSED/);
  });

  test("that was restarted under an open bus goes on delivering, and has all that was accepted", async () => {
    const { bus: alive, got } = await reading("restarted", { url: server().url });
    const ids = Array.from({ length: 200 }, (_, at) => `id-${at}`);
    const accepted = ids.slice(0, 100).map((id) => surely(alive, id));
    await expect.poll(() => got.length, { timeout: 10_000 }).toBeGreaterThan(0);
    await server().kill();
    const meanwhile = ids.slice(100).map((id) => surely(alive, id));
    await server().start();
    await Promise.all([...accepted, ...meanwhile]);
    await expect.poll(() => new Set(got).size, { timeout: 20_000 }).toBe(ids.length);
  });

  test("that ends the connection which listens is listened to again: hints come long before the next look", async () => {
    const far = { poll: "1m", lease: "10m", reconnectMax: 100 } as const;
    const [one, two] = [await open(far), await open(far)];
    await two.transport.declare(group("hinted"));
    two.transport.credit("hinted", 10);
    const listening = "FROM pg_stat_activity WHERE query ~ '^(LISTEN|NOTIFY)' AND pid <> pg_backend_pid()";
    expect(await rows(`SELECT pg_terminate_backend(pid) AS is_ended ${listening}`)).toHaveLength(2);
    await until(() => one.states.at(-1) === "up" && two.states.at(-1) === "up");
    const since = performance.now();
    for (let at = 1; at <= 5; at++) {
      await one.transport.send([wire(`hinted-${at}`)]);
      await until(() => two.items.length === at);
    }
    expect(performance.now() - since).toBeLessThan(5_000); // without hints each would wait that long for the upkeep
    expect(two.items.map(idOf)).toEqual([1, 2, 3, 4, 5].map((at) => `hinted-${at}`));
  });

  test("that is down does not keep close() beyond its deadline", async () => {
    const { bus: closing } = await reading("closing");
    await between().refuse();
    between().reset();
    const since = performance.now();
    await closing.close({ deadline: 1_000 });
    expect(performance.now() - since).toBeLessThan(1_000 + 1_000 + BUSY); // the deadline, and the grace of a signal
  });

  test("that comes and goes ends no process with an unhandled rejection", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "signalbox-network-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const log = path.join(folder, "log");
    const accepted = (): number => readFileSync(log, "utf8").match(/^a /gm)?.length ?? 0;
    const orders = { url: behind(), log, role: "publish", writer: "w", lease: LEASE };
    const strict = ["--unhandled-rejections=strict", await worker(folder), JSON.stringify(orders)];
    const child = spawn(process.execPath, strict, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    let said = "";
    child.stderr!.on("data", (text) => (said += String(text)));
    await new Promise((resolve) => child.once("message", resolve));
    for (let at = 0; at < 5; at++) {
      between().reset();
      await between().refuse();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await between().heal();
    }
    const before = accepted();
    await expect.poll(accepted, { timeout: 10_000 }).toBeGreaterThan(before);
    expect([child.exitCode, said]).toEqual([null, expect.not.stringContaining("UnhandledPromiseRejection")]);
  });
});
