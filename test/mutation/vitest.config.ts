/**
 * The tests of a mutation run: those that are quick and stay in one process. What starts programs, floods, or reads the
 * repository proves other things and would be repeated for every mutant.
 */
import { defineConfig } from "vitest/config";

import root from "../../vitest.config.js";

export default defineConfig({
  ...root,
  test: {
    ...root.test,
    include: ["test/{pipeline,ledger,lane,dispatch,bus,transport}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/bus/consumers.test.ts", "test/dispatch/flood.test.ts"],
    // Each mutant gets a thread of its own; one for each file of tests in it would cost more than the tests.
    pool: "threads",
    isolate: false,
    reporters: [],
  },
});
