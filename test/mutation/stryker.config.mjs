// What a mutation run plants, and with which tests it looks for it. Paths are from the root of the repository.

/** The rooms whose faults would lose, double or stop deliveries. */
export const rooms = ["src/lane", "src/dispatch", "src/ledger", "src/pipeline"];

/** A run whose killed mutants are fewer than this, in percent, fails. */
export const scoreMin = 85;

/* Beside the sandbox, so that `temp` keeps what has been found when Stryker clears up. */
export const results = "temp/mutation/results.json";

export default {
  testRunner: "vitest",
  vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
  coverageAnalysis: "perTest",
  // Texts are for people: their wording is not what the tests hold.
  mutator: { excludedMutations: ["StringLiteral"] },
  // Nothing here checks types while it runs, so nothing has to be told not to.
  disableTypeChecks: false,
  incremental: true,
  incrementalFile: results,
  tempDirName: "temp/mutation/sandbox",
  ignorePatterns: ["/temp", "/dist", "/coverage", "/docs", "/.ci", "/test/bench"],
  // run.mjs adds up and judges.
  reporters: ["progress-append-only"],
  thresholds: { break: null },
  allowConsoleColors: false,
};
