// npm run demo [-- --seed 7 --sabotage]
import { parseArgs } from "node:util";
import { Progress } from "./progress.js";
import { run } from "./run.js";

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, sabotage: { type: "boolean", default: false } },
});
const seed = Number(values.seed);
if (!Number.isInteger(seed)) throw new TypeError(`Expected --seed to be a whole number, got ${values.seed}`);

const progress = new Progress(process.stdout);
const { faults } = await run({
  seed,
  sabotage: values.sabotage,
  log: (line) => progress.log(line),
  progress: (text) => progress.show(text),
});
process.exitCode = faults.length > 0 ? 1 : 0;
