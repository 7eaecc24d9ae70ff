/** Compiles the code of the pages with the sources of Signalbox, and runs it. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Block } from "./markdown.js";
import { ROOT, textOf } from "./repository.js";

/** One folder under temp/docs-blocks: the blocks, a tsconfig, the compiled program. */
export interface Workshop {
  readonly folder: string;
  readonly blocks: readonly Placed[];
}

export interface Placed {
  readonly block: Block;
  /** In the folder, without its ending. */
  readonly file: string;
  /** Lines put in front of its text. */
  readonly shift: number;
}

/** What came of a program: its output, and its error if it ended badly. */
export interface Run {
  readonly printed: string;
  readonly failure: string | undefined;
}

const RUN_MAX = 20_000; // milliseconds

export function setUpWorkshop(blocks: readonly Block[], frontDoor: readonly string[]): Workshop {
  const home = path.join(ROOT, "temp", "docs-blocks");
  mkdirSync(home, { recursive: true });
  const folder = mkdtempSync(path.join(home, "run-"));
  const placed = blocks.map((block) => place(folder, block, frontDoor));
  // Compiled blocks import "signalbox" by its name: this makes the compiled sources that package.
  mkdirSync(path.join(folder, "out"));
  writeFileSync(path.join(folder, "out", "package.json"), JSON.stringify(ownPackage()));
  return { folder, blocks: placed };
}

function place(folder: string, block: Block, frontDoor: readonly string[]): Placed {
  const file = path.posix.join("pages", block.page.replace(/\.md$/, ""), `line-${block.line}`);
  const head = block.kind === "fragment" ? importsFor(block.text, frontDoor) : "";
  mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
  writeFileSync(path.join(folder, `${file}.ts`), `${head}${block.text}\nexport {};\n`);
  return { block, file, shift: head === "" ? 0 : 1 };
}

/** A fragment need not import what the front door has; whatever else it leans on may stay unknown. */
function importsFor(text: string, frontDoor: readonly string[]): string {
  if (/\bfrom "signalbox"/.test(text)) return "";
  const used = frontDoor.filter((name) => new RegExp(`(?<![.\\w$])${name}\\b`).test(text));
  const declared = (name: string): boolean =>
    new RegExp(`\\b(class|const|let|interface|type) ${name}\\b`).test(text);
  const names = used.filter((name) => !declared(name));
  return names.length === 0 ? "" : `import { ${names.join(", ")} } from "signalbox";\n`;
}

/** A package.json that makes compiled sources, in `src` beside it, the package of that name. */
export function ownPackage(): object {
  const { exports } = JSON.parse(textOf("package.json")) as { exports: Record<string, { default?: string }> };
  const doors = Object.entries(exports)
    .filter(([, target]) => target.default !== undefined)
    .map(([door, target]) => [door, target.default!.replace("./dist/", "./src/")]);
  return { name: "signalbox", type: "module", exports: Object.fromEntries(doors) };
}

/** All errors of the compiler, each at its line of the page. Blocks that widen a module are compiled apart from the others. */
export async function compile(workshop: Workshop): Promise<string[]> {
  const apart = workshop.blocks.filter(({ block }) => block.text.includes("declare module"));
  const together = workshop.blocks.filter((placed) => !apart.includes(placed));
  const faults: string[] = [];
  for (const group of [together, ...apart.map((placed) => [placed])]) {
    faults.push(...(await compileGroup(workshop, group)));
  }
  return faults.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

async function compileGroup(workshop: Workshop, group: readonly Placed[]): Promise<string[]> {
  const compilerOptions = {
    noEmit: false,
    rootDir: ROOT,
    outDir: path.join(workshop.folder, "out"),
    declaration: false,
    isolatedDeclarations: false,
    verbatimModuleSyntax: false, // fragments import types and values alike
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  const config = {
    extends: path.join(ROOT, "tsconfig.base.json"),
    compilerOptions,
    files: group.map(({ file }) => `${file}.ts`),
    include: [path.join(ROOT, "src/**/*.d.ts")],
  };
  const project = path.join(workshop.folder, "tsconfig.json");
  writeFileSync(project, JSON.stringify(config, null, 2));
  const compiler = path.join(ROOT, "node_modules/@typescript/native/bin/tsc");
  const { printed } = await node([compiler, "-p", project, "--pretty", "false"], ROOT, 60_000);
  return printed.split("\n").flatMap((line) => faultOf(line, group));
}

// Cannot find name, the same with a suggestion, namespace, shorthand property, `this` without a class.
const LEANS = new Set(["TS2304", "TS2552", "TS2503", "TS18004"]);

function faultOf(line: string, group: readonly Placed[]): string[] {
  const match = /^(.+)\((\d+),\d+\): error (TS\d+): (.*)$/.exec(line);
  if (match === null) return line.includes("error TS") ? [line] : [];
  const [, file = "", at = "", code = "", says = ""] = match;
  const placed = group.find((each) => file.replaceAll("\\", "/").endsWith(`/${each.file}.ts`));
  if (placed === undefined) return [line];
  if (placed.block.kind === "fragment" && LEANS.has(code)) return [];
  return [`${placed.block.page}:${placed.block.line + Number(at) - 1 - placed.shift}: ${code} ${says}`];
}

/** Runs a compiled block under the Node of the tests, in a folder of its own. */
export async function run(workshop: Workshop, placed: Placed): Promise<Run> {
  const inside = path.relative(ROOT, workshop.folder);
  return node([path.join(workshop.folder, "out", inside, `${placed.file}.js`)], workshop.folder, RUN_MAX);
}

function node(args: readonly string[], cwd: string, timeout: number): Promise<Run> {
  const env = { PATH: process.env["PATH"] ?? "", NODE_NO_WARNINGS: "1", NO_COLOR: "1" };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, timeout, env }, (error, stdout, stderr) => {
      const why =
        error?.killed === true ? `it did not end within ${timeout} ms` : stderr.trim() || error?.message;
      resolve({ printed: stdout, failure: error === null ? undefined : why });
    });
  });
}
