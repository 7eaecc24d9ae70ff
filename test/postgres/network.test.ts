/** What networks and servers do to the transport: resets, silence, slowness, an absent server, a restarted one. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Bus, createBus, Event } from "signalbox";
import { postgres } from "signalbox/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { worker } from "../crash/build.mjs";
import { postgresServer, type PostgresServer, whyNoPostgres } from "../support/postgres-server.js";
import { type Proxy, proxy } from "../support/proxy.js";

class Noted extends Event("noted", { key: ({ key }: { key?: string }) => key })<{
  id: string;
  key?: string;
}> {}

const LEASE = 1_000;
const SWEEP = LEASE / 2;
const BUSY = 1_500; // a machine that others use, too
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const why = whyNoPostgres();

let server: PostgresServer;
let between: Proxy;

beforeAll(async () => {
  if (why === undefined) server = await postgresServer();
}, 30_000);
afterAll(() => server?.remove());
beforeEach(async () => {
  if (why !== undefined) return;
  between = await proxy(server.port);
  onTestFinished(() => between.close());
});

function busOf(port: number): Bus {
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const bus = createBus({ transport: postgres({ url, lease: LEASE }), events: Noted, logger: SILENT });
  onTestFinished(async () => void (await bus.close({ deadline: 1_000 })));
  return bus;
}

/* A bus behind the proxy, with a reader of its own name, started. */
async function reading(name: string, port = between.port) {
  const bus = busOf(port);
  const got: string[] = [];
  bus.on(Noted, { name, retry: 3 }, ({ id }) => void got.push(id));
  await bus.start();
  return { bus, got };
}

function noted(id: string, key?: string): Noted {
  return new Noted(key === undefined ? { id } : { id, key });
}

/* Whoever is refused does not know whether it is stored, and publishes again with the same id. */
async function surely(bus: Bus, id: string): Promise<void> {
  const event = noted(id);
  for (;;)
    try {
      await bus.publish(event, { id });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

describe.skipIf(why !== undefined)(`the network${why === undefined ? "" : `: ${why}`}`, () => {
  test.each([
    ["before the server has the event", "e-1", "toServer", "before"],
    ["after the server has the event", "e-2", "toServer", "after"],
    ["before the server has the COMMIT", "COMMIT", "toServer", "before"],
    ["after the server has the COMMIT", "COMMIT", "toServer", "after"],
    ["before its answer to the COMMIT is here", "COMMIT", "toClient", "before"],
  ] as const)(
    "that resets %s leaves a publish that is repeated there once",
    async (_, text, direction, when) => {
      const { bus } = await reading("sender");
      const direct = await reading("counter", server.port);
      const id = text === "COMMIT" ? `commit-${direction}-${when}` : text;
      const sprung = between.resetAt(text, direction, when);
      await Promise.all([surely(bus, id), sprung]);
      await expect.poll(() => direct.got, { timeout: 10_000 }).toContain(id);
      await surely(bus, `${id}-last`);
      await expect.poll(() => direct.got, { timeout: 10_000 }).toContain(`${id}-last`);
      expect(direct.got.filter((each) => each === id)).toEqual([id]);
    },
  );

  test("that falls silent takes its deliveries from a process, whose signal aborts, and another has them in time", async () => {
    const silent = busOf(between.port);
    let aborted: (() => void) | undefined;
    const signalled = new Promise<void>((resolve) => (aborted = resolve));
    const began = new Promise<void>((resolve) =>
      silent.on(Noted, { name: "taken", retry: 3 }, async (_, { signal }) => {
        signal.addEventListener("abort", () => aborted!());
        resolve();
        await signalled;
      }),
    );
    await silent.start();
    await silent.publish(noted("left"), { id: "left" });
    await began;
    between.blackHole();
    const since = performance.now();
    const other = await reading("taken", server.port);
    await expect.poll(() => other.got, { timeout: 10_000 }).toEqual(["left"]);
    expect(performance.now() - since).toBeLessThan(LEASE + SWEEP + BUSY);
    await signalled;
    expect(performance.now() - since).toBeLessThan(LEASE + SWEEP + BUSY);
    await between.heal();
  });

  test.each([
    ["late", { latencyMs: 20, jitterMs: 20 }],
    ["in crumbs", { sliceBytes: 7 }],
  ])("that is %s only slows: all is handled once, in the order of its key", async (how, weather) => {
    const { bus, got } = await reading(`slow-${how.length}`);
    between.weather(weather);
    const ids = Array.from({ length: 50 }, (_, at) => `${how}-${at}`);
    await Promise.all(ids.map((id) => bus.publish(noted(id, "k"), { id })));
    await expect.poll(() => got.length, { timeout: 15_000 }).toBe(50);
    expect(got).toEqual(ids);
  });
});

describe.skipIf(why !== undefined)(`a server${why === undefined ? "" : `: ${why}`}`, () => {
  test("that is absent at start is named by start()", async () => {
    await between.refuse();
    await expect(busOf(between.port).start()).rejects.toThrow(/ECONNREFUSED/);
  });

  test("that was restarted goes on delivering, without a restart of the application", async () => {
    const { bus, got } = await reading("restarted");
    await bus.publish(noted("before"), { id: "before" });
    await expect.poll(() => got, { timeout: 10_000 }).toEqual(["before"]);
    await server.kill();
    await server.start();
    await surely(bus, "after");
    await expect.poll(() => got, { timeout: 10_000 }).toContain("after");
  });

  test("that is down does not keep close() beyond its deadline", async () => {
    const { bus } = await reading("closing");
    await between.refuse();
    between.reset();
    const since = performance.now();
    await bus.close({ deadline: 1_000 });
    expect(performance.now() - since).toBeLessThan(1_000 + 1_000 + BUSY); // the deadline, and the grace of a signal
  });

  test("that comes and goes ends no process with an unhandled rejection", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "signalbox-network-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const log = path.join(folder, "log");
    const url = `postgres://postgres@127.0.0.1:${between.port}/postgres`;
    const orders = JSON.stringify({ url, log, role: "publish", writer: "w", lease: LEASE });
    const strict = ["--unhandled-rejections=strict", await worker(folder), orders];
    const child = spawn(process.execPath, strict, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    let said = "";
    child.stderr!.on("data", (text) => (said += String(text)));
    await new Promise((resolve) => child.once("message", resolve));
    for (let at = 0; at < 5; at++) {
      between.reset();
      await between.refuse();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await between.heal();
    }
    expect([child.exitCode, said]).toEqual([null, expect.not.stringContaining("UnhandledPromiseRejection")]);
  });
});

function nothing(): void {}
