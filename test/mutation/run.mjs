// Plants faults in the sources and looks whether a test fails:
// npm run mutate [-- <file or folder> …] [-- --force] [-- --concurrency <n>]
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";

import { Stryker } from "@stryker-mutator/core";

import { scoreOf, survivorsOf, table } from "./score.mjs";
import { results, rooms, scoreMin } from "./stryker.config.mjs";

const SURVIVORS = "temp/mutation/survivors.txt";
/* A run can be taken up again after each batch, and each batch runs all tests once more before it begins. */
const LINES_PER_BATCH = 600;

process.chdir(fileURLToPath(new URL("../../", import.meta.url)));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { force: { type: "boolean", default: false }, concurrency: { type: "string" } },
});

const files = (positionals.length > 0 ? positionals : rooms).flatMap(sourcesIn);
mkdirSync(path.dirname(results), { recursive: true });
const parts = batches(files);
for (const [index, batch] of parts.entries()) {
  console.log(`\nbatch ${index + 1} of ${parts.length}: ${batch.join(" ")}`);
  await new Stryker({
    configFile: "test/mutation/stryker.config.mjs",
    mutate: batch,
    force: options.force,
    ...(options.concurrency === undefined ? {} : { concurrency: Number(options.concurrency) }),
  }).runMutationTest();
}

const found = JSON.parse(readFileSync(results, "utf8"));
const survivors = survivorsOf(found, files);
writeFileSync(SURVIVORS, survivors.map((line) => `${line}\n`).join(""));
console.log(`\n${table(found, files)}\n`);
console.log(`${survivors.length} not killed: ${SURVIVORS}`);
const score = scoreOf(found, files);
if (score < scoreMin) {
  console.log(`The score of ${score.toFixed(2)} % is below ${scoreMin} %.`);
  process.exitCode = 1;
}

function sourcesIn(place) {
  if (statSync(place).isFile()) return [path.normalize(place)];
  return readdirSync(place, { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.join(place, name))
    .toSorted();
}

function batches(all) {
  const parts = [];
  let room = 0;
  for (const file of all) {
    const lines = readFileSync(file, "utf8").split("\n").length;
    if (lines > room) {
      parts.push([]);
      room = LINES_PER_BATCH;
    }
    parts.at(-1).push(file);
    room -= lines;
  }
  return parts;
}
