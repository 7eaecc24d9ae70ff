// What Signalbox costs beside its peers:
// npm run bench [-- --quick] [-- --json | --markdown | --write] [-- --only <part of a workload's name>]
import { parseArgs } from "node:util";

import { workloads } from "./catalogue.mjs";
import { measure } from "./measure.mjs";
import { paces } from "./paces.mjs";
import { judge, rowTable, targetTable } from "./report.mjs";
import { printed, sections, write } from "./sections.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean" },
    json: { type: "boolean" },
    markdown: { type: "boolean" },
    write: { type: "boolean" },
    only: { type: "string", default: "" },
  },
});
const pace = options.quick ? paces.quick : paces.full;
const all = await workloads(pace);
const chosen = all.filter(({ name, isApart }) =>
  options.only === "" ? !isApart : name.includes(options.only),
);
if (chosen.length === 0) fail(`No workload of a ${pace.name} run has "${options.only}" in its name.`);
const missing = all.find((each) => !chosen.includes(each) && chosen.some(({ page }) => page === each.page));
if (options.write && (options.quick || missing))
  fail(
    `--write asks for a full run of everything on a page${missing ? `: "${missing.name}" is missing` : ""}.`,
  );

const tables = [];
for (const workload of chosen) {
  if (process.stderr.isTTY) process.stderr.write(`${workload.name} …\n`);
  tables.push(await measure(workload, pace));
}
const rows = tables.flatMap((each) => each.rows);
const targets = judge(chosen, rows);

if (options.json) console.log(JSON.stringify({ node: process.version, rows, targets }, null, 2));
else if (options.markdown) console.log(sections(tables, targets, pace).map(printed).join("\n"));
else if (options.write) sections(tables, targets, pace).forEach(write);
else print();

function print() {
  for (const each of tables) console.log(`\n${each.workload.name}\n\n${rowTable(each)}`);
  if (targets.length > 0)
    console.log(`\nTargets, on Node ${process.version}, ${pace.name} pace\n\n${targetTable(targets)}`);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
