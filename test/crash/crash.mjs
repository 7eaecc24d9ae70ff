/**
 * Kills real processes at random moments: `npm run crash -- --transport sqlite --cycles 200 --json`. Each cycle a publisher, a
 * consumer or the server is killed with SIGKILL and another takes its place; in the end everything is drained, and what
 * all of them have written down is compared. Fails where anything was lost, out of order, too late or handled too often.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { whyNoPostgres } from "../support/postgres-server.ts";
import { worker } from "./build.mjs";
import { postgresStore } from "./postgres.mjs";
import { Run } from "./run.mjs";
import { sqliteStore } from "./sqlite.mjs";
import { faultsOf } from "./verdict.mjs";

const STORES = {
  sqlite: { open: sqliteStore, whyNot: () => undefined },
  postgres: { open: postgresStore, whyNot: whyNoPostgres },
};

const { values } = parseArgs({
  options: {
    transport: { type: "string", default: "sqlite" },
    cycles: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});
const chosen = STORES[values.transport];
if (chosen === undefined) {
  const known = Object.keys(STORES).join(", ");
  console.error(`No transport is called ${values.transport} here. Known: ${known}.`);
  process.exit(2);
}
const why = chosen.whyNot();
if (why !== undefined) {
  console.log(`${values.transport} is ${why}.`);
  console.log("0 passed, 0 failed, 1 skipped");
  process.exit(0);
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130)); // with what "exit" clears away
const folder = mkdtempSync(path.join(tmpdir(), "signalbox-crash-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const store = await chosen.open(folder);
const run = new Run(await worker(folder), folder, store);
process.once("exit", () => run.end());
try {
  const report = await run.cycles(Number(values.cycles));
  console.log(values.json ? JSON.stringify(report) : report);
  for (const fault of faultsOf(report)) console.error(fault);
  process.exitCode = faultsOf(report).length === 0 ? 0 : 1;
} finally {
  run.end();
  await store.close();
}
