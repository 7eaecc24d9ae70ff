/**
 * Applications against the declarations that Signalbox would publish, each a program of tsc for itself, so that the
 * names one of them registers disturb nobody. A line that tsc should refuse and does not fails it.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const WORK = new URL("temp/consumers/", ROOT);
const HERE = new URL("consumers/", import.meta.url);
const TSC = fileURLToPath(new URL("node_modules/@typescript/native/bin/tsc", ROOT));

const STRICT = {
  target: "ES2023",
  lib: ["ES2023", "ESNext.Disposable"],
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  types: ["node"],
  noEmit: true,
  paths: {
    signalbox: ["./declarations/index.d.ts"],
    "signalbox/tsyringe": ["./declarations/tsyringe/index.d.ts"],
  },
};
const LEGACY = { experimentalDecorators: true, emitDecoratorMetadata: true };
const LOOSE = { exactOptionalPropertyTypes: false, noUncheckedIndexedAccess: false };
const WITHOUT_NODE = { types: [], lib: ["ES2023", "ESNext.Disposable", "DOM"], skipLibCheck: true };
const EMITTED = { noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: "emitted" };

const PROGRAMS = [
  {
    what: "registers lanes, events and a transaction, in TC39 decorators",
    file: "registered.ts",
    options: {},
  },
  { what: "registers them, in legacy decorators with metadata", file: "registered.ts", options: LEGACY },
  { what: "is strict and checks the declarations of its libraries", file: "exact.ts", options: {} },
  { what: "allows undefined for what is optional", file: "exact.ts", options: LOOSE },
  { what: "bundles, with a browser's types and without Node's", file: "isolated.ts", options: WITHOUT_NODE },
  {
    what: "declares its exports file by file",
    file: "isolated.ts",
    options: { isolatedDeclarations: true, declaration: true },
  },
  { what: "emits declarations of event classes", file: "emitted.ts", options: EMITTED },
];

beforeAll(async () => {
  await rm(WORK, { recursive: true, force: true });
  await mkdir(WORK, { recursive: true });
  const to = ["--emitDeclarationOnly", "--declarationMap", "false", "--sourceMap", "false"];
  const out = ["--outDir", fileURLToPath(new URL("declarations/", WORK))];
  const faults = await tsc([fileURLToPath(new URL("tsconfig.build.json", ROOT)), ...to, ...out]);
  if (faults !== "") throw new Error(faults);
  await cp(HERE, WORK, { recursive: true });
}, 60_000);

describe("an application compiles that", () => {
  test.each(PROGRAMS)(
    "$what",
    async ({ what, file, options }) => {
      const program = new URL(`${what.replaceAll(/\W+/g, "-")}.json`, WORK);
      const compilerOptions = { ...STRICT, ...options };
      await writeFile(program, JSON.stringify({ compilerOptions, files: [file] }));
      expect(await tsc([fileURLToPath(program)])).toBe("");
    },
    60_000,
  );
});

/** What tsc says about a project, and how it ended if that was not well. */
async function tsc(project: readonly string[]): Promise<string> {
  return await new Promise((resolve) => {
    const args = [TSC, "--pretty", "false", "-p", ...project];
    execFile(process.execPath, args, (error, stdout, stderr) =>
      resolve(stdout + stderr + (error === null ? "" : `exit code ${error.code}`)),
    );
  });
}
