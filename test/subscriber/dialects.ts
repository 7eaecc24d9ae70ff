/** Compiles decorated.ts for one dialect of decorators and loads the result. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import ts from "typescript";
import type * as Decorated from "./decorated.js";

export type Dialect = "esbuild, legacy" | "esbuild, TC39" | "tsc, legacy" | "tsc, TC39";

/** The classes of decorated.ts, compiled by the compiler and in the dialect named. */
export async function load(dialect: Dialect): Promise<typeof Decorated> {
  return (await loadFile(
    new URL("decorated.ts", import.meta.url),
    "./events.js",
    dialect,
  )) as typeof Decorated;
}

/** The same for any file two folders below the root that imports one beside it. */
export async function loadFile(file: URL, neighbour: string, dialect: Dialect): Promise<unknown> {
  const source = await readFile(file, "utf8");
  const experimentalDecorators = dialect.endsWith("legacy");
  const compile = dialect.startsWith("tsc") ? byTsc : byEsbuild;
  // As deep as the folder of the file, so that the imports of the text hold.
  const folder = new URL("../../temp/decorated/", import.meta.url);
  const name = `${file.pathname.split("/").at(-1)!.replace(".ts", "")}-${dialect.replace(", ", "-").toLowerCase()}.js`;
  const beside = fileURLToPath(new URL(neighbour, file));
  const output = (await compile(source, experimentalDecorators)).replaceAll(neighbour, beside);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(name, folder), output);
  return await import(/* @vite-ignore */ fileURLToPath(new URL(name, folder)));
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
