/** Handlers on worker threads: real threads, in a process of their own. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { On, StartError, Subscriber } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { Ping } from "./setup.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
let folder = "";

/* In the repository, so that piscina is found. */
beforeAll(async () => {
  mkdirSync(path.join(ROOT, "temp"), { recursive: true });
  folder = mkdtempSync(path.join(ROOT, "temp", "threads-"));
  const here = (file: string): string => path.join(ROOT, "test/dispatch/threads", file);
  await build({
    entryPoints: [here("main.ts"), here("handlers.ts"), path.join(ROOT, "src/dispatch/thread-entry.ts")],
    outdir: folder,
    entryNames: "[name]",
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node22",
    external: ["piscina"],
    alias: { signalbox: path.join(ROOT, "src/index.ts") },
    plugins: [
      {
        name: "the handlers are a module of their own", // as in an application, where nothing is bundled
        setup: (on) =>
          on.onResolve({ filter: /^\.\/handlers\.js$/ }, ({ path: to }) => ({ path: to, external: true })),
      },
    ],
    logLevel: "silent",
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly done: number;
  readonly outcome?: string;
  readonly reason?: string;
  readonly errors: readonly { name: string; message: string; facts?: object }[];
  readonly turns: number;
}

/** What came of each; the process must end by itself. */
async function ask(...whats: string[]): Promise<Record<string, Told>> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [path.join(folder, "main.js"), ...whats], {
    timeout: 50_000,
  });
  return JSON.parse(stdout) as Record<string, Told>;
}

test("the event arrives on a thread as an instance of its class, with the facts of its delivery", async () => {
  const { first, facts } = await ask("first", "facts");
  expect(first).toMatchObject({ done: 1, errors: [] });
  expect(facts!.errors.map((each) => each.facts)).toEqual(
    [1, 2].map((attempt) => ({
      attempt,
      key: "facts",
      subscription: "Work.handle",
      isMainThread: false,
      calls: expect.any(Number),
      event: [true, "FACTS", true, true],
      hasId: true,
      tenant: "acme",
      hasDeadline: true,
    })),
  );
}, 60_000);

test("outcomes and errors come back: retries, dead letters and rules are those of any delivery", async () => {
  const told = await ask("retry", "dead", "drop", "refuse");
  expect(told["retry"]).toMatchObject({ done: 1 });
  expect(told["dead"]).toMatchObject({ done: 0, reason: "asked for it" });
  expect(told["drop"]).toMatchObject({ done: 0, outcome: "dropped", reason: "not needed" });
  expect(told["refuse"]).toMatchObject({
    reason: "refused, as the rule has read",
    errors: [{ name: "Refusal", message: "no" }],
  });
}, 60_000);

test("a handler that computes leaves the event loop of the bus alone", async () => {
  const { busy } = await ask("busy");
  expect(busy).toMatchObject({ done: 1 });
  expect(busy!.turns).toBeGreaterThan(50); // of about 300
}, 60_000);

test("the timeout ends the thread of a handler that never ends, and the next finds another", async () => {
  const { spin, after } = await ask("spin", "after");
  expect(spin).toMatchObject({ done: 0, outcome: "deadLettered", reason: "timeout" });
  expect(spin!.errors.map(({ name }) => name)).toEqual(["HandlerTimeoutError", "HandlerTimeoutError"]);
  expect(after).toMatchObject({ done: 1 });
}, 60_000);

test("an event that expires while it runs ends its thread, and counts as expired", async () => {
  const { stale } = await ask("stale");
  expect(stale).toMatchObject({ done: 0, outcome: "expired", reason: "expired while it ran" });
}, 60_000);

test("a thread that dies is a failure of its delivery, and of no other", async () => {
  const { exit, after } = await ask("exit", "after");
  expect(exit).toMatchObject({ done: 0, outcome: "deadLettered", reason: "failed" });
  expect(after).toMatchObject({ done: 1 });
}, 60_000);

test("there is no bus on a thread: a publish there rejects and says what to do", async () => {
  const { publish } = await ask("publish");
  expect(publish!.errors[0]!.message).toMatch(/no bus on a worker thread/);
}, 60_000);

test("what cannot be sent to a thread is a fault at start, and so is a module that is no URL", async () => {
  @Subscriber({ lane: "cpu" })
  class Needy {
    constructor(readonly needs: string) {}
    @On(Ping) handle(): void {}
  }
  const lanes = { cpu: { worker: new URL("./nothing.js", import.meta.url) } };
  const { bus } = virtualBus({ lanes, subscribers: [Needy] });
  bus.on(Ping, { name: "loose", lane: "cpu" }, () => undefined);
  const error = await bus.start().catch((each: unknown) => each);
  expect((error as StartError).faults).toEqual([
    expect.stringMatching(/^Needy.handle is in lane cpu.* constructor without parameters/),
    expect.stringMatching(/^loose is in lane cpu.* a function cannot be sent/),
  ]);
  expect(() => virtualBus({ lanes: { cpu: { worker: "./x.js" } } as never })).toThrow(/cpu.worker.*URL/);
});
