// The measured parts of the pages: between `<!-- measured: … -->` and `<!-- end of measured -->` in docs/.
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { arch, platform, version } from "node:process";

import { rowTable, targetTable } from "./report.mjs";

const ROOT = new URL("../../", import.meta.url);
const SYSTEMS = { linux: "Linux", darwin: "macOS", win32: "Windows" };

/** `{ page, part, text }` each; a part is the tables of a page, or its targets. */
export function sections(tables, targets, pace) {
  const pages = Map.groupBy(tables, ({ workload }) => workload.page);
  return [...pages].flatMap(([page, its]) => {
    const asked = its.flatMap(({ workload }) => workload.targets.map(({ name }) => name));
    const judged = targets.filter(({ name }) => asked.includes(name));
    const run = { page, part: "run", text: oneRun(its, pace) };
    return judged.length === 0 ? [run] : [run, { page, part: "targets", text: targetTable(judged) }];
  });
}

function oneRun(tables, pace) {
  const [date] = new Date().toISOString().split("T");
  const system = `${SYSTEMS[platform] ?? platform} ${arch}, ${availableParallelism()} cores`;
  const parts = tables.map(({ workload: { name, about }, ...its }) =>
    tables.length === 1 ? rowTable(its) : `### ${name}\n\n${about}\n\n${rowTable(its)}`,
  );
  return [`${date}, Node ${version}, ${system}, ${pace.name} pace.`, ...parts].join("\n\n");
}

export const printed = ({ page, part, text }) => `<!-- ${page}, measured: ${part} -->\n\n${text}\n`;

export function write({ page, part, text }) {
  const file = new URL(page, ROOT);
  const before = readFileSync(file, "utf8");
  const place = new RegExp(`(<!-- measured: ${part} -->\n).*?(\n<!-- end of measured -->)`, "s");
  if (!place.test(before)) throw new Error(`${page} has no place for the measured ${part}.`);
  writeFileSync(
    file,
    before.replace(place, (_, start, end) => `${start}\n${text}\n${end}`),
  );
}
