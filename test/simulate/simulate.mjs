/**
 * `npm run simulate -- --seeds 10000 --json`: the core under so many seeds, and then with faults planted in it, each of
 * which must be found. Ends with 1 where a promise is broken or a fault stays unseen.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { program } from "./build.mjs";
import { planted } from "./planted.mjs";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    mutant: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const [seeds, first] = [Number(values.seeds), Number(values.seed)];
/* Most faults show within a hundred seeds; the rarest need a few thousand. */
const TRIES = Math.max(seeds, 6_000);
/* A fault may well make a process go round and round. */
const MUTANT_MS = 60_000;

const began = performance.now();
const found = values.mutant === undefined ? await core() : [];
const seconds = round((performance.now() - began) / 1_000);
const faults = planted.filter(({ name }) => values.mutant === undefined || name.includes(values.mutant));
const mutants = await atOnce(faults, tried);
const missed = mutants.filter((each) => each.by === undefined);
report();
process.exitCode = found.length + missed.length > 0 ? 1 : 0;

/** The seeds in as many processes as there are processors. */
async function core() {
  const file = await program("core");
  const share = Math.ceil(seeds / availableParallelism());
  const parts = [];
  for (let from = 0; from < seeds; from += share) parts.push([first + from, Math.min(share, seeds - from)]);
  const answers = await atOnce(parts, async ([from, count]) =>
    JSON.parse(await output(file, [from, count, 5])),
  );
  const violations = answers.flatMap((each) => each.found);
  for (const each of violations.slice(0, 1)) each.report = await output(file, [each.seed, 1, 1, "show"]);
  return violations;
}

async function tried(fault, index) {
  try {
    const file = await program(`planted-${index}`, fault);
    const answer = await output(file, [first, TRIES, 1], MUTANT_MS);
    return { name: fault.name, by: JSON.parse(answer).found[0] };
  } catch (error) {
    return { name: fault.name, by: undefined, problem: error.message };
  }
}

/** What a process prints; rejects where it breaks down or does not end in time. */
function output(file, given, timeout) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...given.map(String)], { timeout, killSignal: "SIGKILL" });
    let text = "";
    let complaint = "";
    child.stdout.on("data", (chunk) => (text += chunk));
    child.stderr.on("data", (chunk) => (complaint += chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(complaint === "" ? "it did not end in time" : complaint));
    });
  });
}

async function atOnce(all, run) {
  const results = Array.from({ length: all.length });
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < all.length; index = next++)
      results[index] = await run(all[index], index);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

function report() {
  const counts = { planted: mutants.length, caught: mutants.length - missed.length };
  const all = {
    seeds: values.mutant === undefined ? seeds : 0,
    violations: found.length,
    seconds,
    mutants: counts,
  };
  if (values.json) return console.log(JSON.stringify({ ...all, found, missed }));
  console.log(`${all.seeds} seeds in ${seconds} s, ${found.length} violations\n`);
  for (const each of found) console.log(each.report ?? `seed ${each.seed}: ${each.says}`);
  for (const { name, by, problem } of mutants)
    console.log(
      by === undefined
        ? `MISSED  ${name}${problem ? `: ${problem}` : ""}`
        : `caught  ${name}\n        ${by.seed ?? "-"}: ${by.says}`,
    );
  console.log(`\n${counts.caught} of ${counts.planted} planted faults caught`);
}

function round(number) {
  return Math.round(number * 100) / 100;
}
