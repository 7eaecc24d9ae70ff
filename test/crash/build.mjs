/** Bundles the worker from the sources, so that nothing has to be built before. */
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Writes the worker's bundle into a folder, and answers where it is. */
export function worker(folder) {
  return bundled("test/crash/worker.ts", folder);
}

/** The same for another program of the tests. */
export async function bundled(program, folder) {
  const outfile = path.join(folder, "worker.mjs");
  const door = (name) => path.join(ROOT, "src", name, "index.ts");
  await build({
    entryPoints: [path.join(ROOT, program)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    alias: {
      "signalbox/sqlite": door("sqlite"),
      "signalbox/postgres": door("postgres"),
      "signalbox/testing/contract": door("testing/contract"),
      "signalbox/workflow": door("workflow"),
      signalbox: door(""),
    },
    external: ["pg-native"],
    tsconfig: path.join(ROOT, "tsconfig.json"),
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "silent",
  });
  return outfile;
}
