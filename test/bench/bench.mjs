// What Signalbox costs beside its peers: npm run bench [-- --quick] [-- --json] [-- --only <part of a workload's name>]
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { workloads } from "./catalogue.mjs";
import { measure, paces } from "./measure.mjs";
import { judge, rowTable, targetTable } from "./report.mjs";

const { values: options } = parseArgs({
  options: { quick: { type: "boolean" }, json: { type: "boolean" }, only: { type: "string", default: "" } },
});
const pace = options.quick ? paces.quick : paces.full;
const all = await workloads();
const chosen = all.filter(({ name, isLong }) => name.includes(options.only) && !(isLong && options.quick));

const rows = [];
for (const workload of chosen) {
  if (process.stderr.isTTY) process.stderr.write(`${workload.name} …\n`);
  rows.push(...(await measure(workload, pace)));
}
const targets = judge(chosen, rows);
const node = process.version;

if (options.json) {
  console.log(JSON.stringify({ node, rows, targets }, null, 2));
} else {
  console.log(`\nNode ${node}, ${availableParallelism()} cores, ${options.quick ? "quick" : "full"}\n`);
  console.log(`${rowTable(rows)}\n\n${targetTable(targets)}`);
}
