/** Bundles the process of the simulator from the sources, with a fault planted in them or without. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = path.join(ROOT, "temp", "simulate");

/** Answers where the program is; throws where the piece of the fault does not stand in its file once. */
export async function program(name, fault) {
  const outfile = path.join(FOLDER, `${name}.mjs`);
  await build({
    entryPoints: [path.join(ROOT, "test/simulate/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    packages: "external",
    logLevel: "silent",
    plugins: fault === undefined ? [] : [plant(fault)],
  });
  return outfile;
}

function plant({ name, file, find, put }) {
  const wanted = path.join(ROOT, file);
  const source = readFileSync(wanted, "utf8");
  const times = source.split(find).length - 1;
  if (times !== 1)
    throw new Error(`“${name}” expects its piece once in ${file}, where it stands ${times} times.`);
  return {
    name: "plant",
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, ({ path: each }) =>
        each === wanted ? { contents: source.replace(find, () => put), loader: "ts" } : undefined,
      );
    },
  };
}
