// The durable demo as its users run it: compiled, in processes of its own, one of which is killed.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownPackage } from "../support/docs-blocks.js";
import { missing, variables } from "../support/postgres-schemas.js";
import { ROOT } from "../support/repository.js";

const DEMO = 60_000; // milliseconds: real servers, real disks, real leases
const EXAMPLE = "docs/examples/github-webhooks";
const COMPILER = path.join(ROOT, "node_modules/@typescript/native/bin/tsc");

const home = path.join(ROOT, "temp", "examples-tested");
mkdirSync(home, { recursive: true });
const folder = mkdtempSync(path.join(home, "run-"));

beforeAll(async () => {
  const compilerOptions = {
    noEmit: false,
    rootDir: ROOT,
    outDir: folder,
    declaration: false,
    isolatedDeclarations: false,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  const files = ["main.ts", "durable/application-process.ts"].map((file) => path.join(ROOT, EXAMPLE, file));
  const include = [path.join(ROOT, "src/**/*.d.ts")];
  const config = { extends: path.join(ROOT, "tsconfig.base.json"), compilerOptions, files, include };
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(ownPackage()));
  const compiling = promisify(execFile)(process.execPath, [COMPILER, "-p", folder]);
  await compiling.catch(({ stdout }) => expect.fail(String(stdout)));
}, DEMO);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Shown {
  readonly code: number;
  readonly text: string;
  readonly lines: readonly string[];
  readonly last: string | undefined;
}

function demo(...args: string[]): Promise<Shown> {
  return new Promise((resolve) => {
    const main = path.join(folder, EXAMPLE, "main.js");
    const env = { ...process.env, ...variables };
    execFile(process.execPath, [main, ...args], { timeout: DEMO, env }, (error, stdout, stderr) => {
      const lines = stdout.trim().split("\n");
      resolve({ code: Number(error?.code ?? 0), text: `${stdout}${stderr}`, lines, last: lines.at(-1) });
    });
  });
}

const noServer = await missing();
if (noServer !== undefined) process.stderr.write(`The demo on PostgreSQL is left out. ${noServer}\n`);

describe.each([
  { store: "sqlite", isLeftOut: false },
  { store: "postgres", isLeftOut: noServer !== undefined },
])("$store", ({ store, isLeftOut }) => {
  const durable = ["--transport", store];

  test.skipIf(isLeftOut)("the demo on a store handles the same webhooks", { timeout: DEMO }, async () => {
    const { code, last, text } = await demo(...durable);
    expect(last, text).toBe("329 received, 329 published, 522 handled, 0 lost");
    expect(code).toBe(0);
    expect(text).toContain("all 329 were taken; 0 had no answer at first");
    expect(text).toContain("17 dead letters of security.page are in the store");
    expect(text).not.toContain("handled twice");
  });

  test.skipIf(isLeftOut)(
    "the demo on a store loses nothing when it is killed half-way",
    { timeout: DEMO },
    async () => {
      const { code, last, text } = await demo(...durable, "--crash");
      expect(last, text).toBe("329 received, 329 published, 522 handled, 0 lost");
      expect(code).toBe(0);
      expect(text).toContain("killed with SIGKILL when 164 were taken");
      expect(text).toMatch(/^life 2 began; [1-9]\d* deliveries waited for it$/m);
      expect(text).toMatch(/^\d+ were handled twice: the process was killed between/m);
      expect(text).toContain("17 dead letters of security.page are in the store"); // of both lives
    },
  );

  test.skipIf(isLeftOut)(
    "the demo on a store names the one delivery that sabotage drops",
    { timeout: DEMO },
    async () => {
      const { code, last, lines, text } = await demo(...durable, "--sabotage", "--seed", "2");
      expect(last, text).toBe("329 received, 329 published, 521 handled, 1 lost");
      expect(code).toBe(1);
      expect(lines.filter((line) => line.startsWith("LOST: "))).toHaveLength(1);
    },
  );
});

test.each([
  [["--crash"], "Expected --crash with a transport that keeps events, such as --transport sqlite"],
  [["--transport", "paper"], "Expected --transport to be memory or sqlite or postgres, got paper"],
])("the demo says what is wrong with its options: %s", { timeout: DEMO }, async (args, says) => {
  const { code, text } = await demo(...args);
  expect(text).toContain(says);
  expect(code).toBe(1);
});
