/** How the tests run: both decorator dialects, the doors by their names, a plain last line. */
import { fileURLToPath } from "node:url";

import { transform } from "esbuild";
import { defineConfig, type Plugin } from "vitest/config";

/** oxc (Vite 8) lowers legacy decorators only; esbuild lowers TC39 ones in *.tc39.ts and *.tc39.test.ts. */
function tc39Decorators(): Plugin {
  return {
    name: "tc39-decorators",
    enforce: "pre",
    async transform(code, id) {
      const file = id.split("?")[0] ?? id;
      if (!/\.tc39(\.test)?\.ts$/.test(file)) return undefined;
      const out = await transform(code, {
        loader: "ts",
        target: "es2022",
        sourcefile: file,
        sourcemap: true,
        tsconfigRaw: { compilerOptions: { experimentalDecorators: false, verbatimModuleSyntax: true } },
      });
      return { code: out.code, map: out.map };
    },
  };
}

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  plugins: [tc39Decorators()],
  resolve: {
    // The same as `paths` in tsconfig.base.json: "signalbox" is the source, never an old build.
    alias: [
      { find: /^signalbox$/, replacement: source("index.ts") },
      {
        find: /^signalbox\/(tsyringe|workflow|sqlite|postgres|testing|testing\/vitest|testing\/contract)$/,
        replacement: source("$1/index.ts"),
      },
    ],
  },
  // Stated here too: Vite 8 takes these from tsconfig.json only for files that tsconfig includes.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    testTimeout: 20_000, // milliseconds: a busy machine is no fault
    fsModuleCache: false, // the cache is not invalidated when tsconfig.json changes
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/bench/**"],
    reporters: ["default", "./test/support/plain-reporter.ts"],
    coverage: { provider: "v8", include: ["src/**"], reporter: ["text"] },
  },
});
