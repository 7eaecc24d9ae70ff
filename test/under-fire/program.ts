/**
 * Programs of this folder in processes of their own, for what a test runner's heap, handles and exit code cannot show.
 * They are bundled from the sources when they are asked for, so that nothing has to be built before.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const HERE = fileURLToPath(new URL("./programs/", import.meta.url));
const SOURCES = fileURLToPath(new URL("../../src/", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The signal that a line gets. */
type Answers = Readonly<Record<string, NodeJS.Signals>>;

/** Bundles a program; `run` starts it, `drop` deletes the bundle. */
export async function program(name: string) {
  const folder = mkdtempSync(path.join(tmpdir(), "signalbox-under-fire-"));
  const outfile = path.join(folder, `${name}.mjs`);
  await build({
    entryPoints: [path.join(HERE, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    alias: { signalbox: `${SOURCES}index.ts`, "signalbox/tsyringe": `${SOURCES}tsyringe/index.ts` },
    logLevel: "silent",
  });
  return {
    /** Each line that it prints before it ends may be answered with a signal. */
    run: (args: readonly string[], answers: Answers = {}): Promise<Ended> => run([outfile, ...args], answers),
    /** What the program printed as JSON. */
    report: async <T>(...args: readonly string[]): Promise<T> => {
      const ended = await run(["--expose-gc", outfile, ...args], {});
      if (ended.code !== 0 || ended.stderr !== "") throw new Error(`${ended.code}: ${ended.stderr}`);
      return JSON.parse(ended.stdout) as T;
    },
    drop: (): void => rmSync(folder, { recursive: true, force: true }),
  };
}

function run(args: readonly string[], answers: Answers): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 170_000, // a test that has given up leaves nothing running
      killSignal: "SIGKILL",
    });
    const out = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => void (out[name] += text));
    createInterface(child.stdout).on("line", (line) => answers[line] && child.kill(answers[line]));
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, ...out }));
  });
}
