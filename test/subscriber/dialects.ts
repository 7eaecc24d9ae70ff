/** Compiles decorated.ts for one dialect of decorators and loads the result. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import ts from "typescript";
import type * as Decorated from "./decorated.js";

export type Dialect = "esbuild, legacy" | "esbuild, TC39" | "tsc, legacy" | "tsc, TC39";

/** The classes of decorated.ts, compiled by the compiler and in the dialect named. */
export async function load(dialect: Dialect): Promise<typeof Decorated> {
  const source = await readFile(new URL("decorated.ts", import.meta.url), "utf8");
  const experimentalDecorators = dialect.endsWith("legacy");
  const compile = dialect.startsWith("tsc") ? byTsc : byEsbuild;
  // As deep as this folder, so that the imports of the text hold.
  const folder = new URL("../../temp/decorated/", import.meta.url);
  const file = new URL(`${dialect.replace(", ", "-").toLowerCase()}.js`, folder);
  const events = fileURLToPath(new URL("events.js", import.meta.url));
  const output = (await compile(source, experimentalDecorators)).replaceAll("./events.js", events);
  await mkdir(folder, { recursive: true });
  await writeFile(file, output);
  return (await import(/* @vite-ignore */ fileURLToPath(file))) as typeof Decorated;
}

async function byEsbuild(source: string, experimentalDecorators: boolean): Promise<string> {
  const tsconfigRaw = { compilerOptions: { experimentalDecorators, verbatimModuleSyntax: true } };
  return (await transform(source, { loader: "ts", target: "es2022", tsconfigRaw })).code;
}

function byTsc(source: string, experimentalDecorators: boolean): string {
  const { ESNext: module } = ts.ModuleKind;
  const { ES2022: target } = ts.ScriptTarget;
  const compilerOptions = { module, target, experimentalDecorators, verbatimModuleSyntax: true };
  return ts.transpileModule(source, { compilerOptions }).outputText;
}
