// npm run demo [-- --seed 7 --sabotage --transport sqlite --crash]
import { parseArgs } from "node:util";
import { runDurably } from "./durable/run.js";
import { Progress } from "./progress.js";
import { run } from "./run.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    sabotage: { type: "boolean", default: false },
    transport: { type: "string", default: "memory" },
    crash: { type: "boolean", default: false },
  },
});
const { transport, crash, sabotage } = values;
const seed = Number(values.seed);
if (!Number.isInteger(seed)) throw new TypeError(`Expected --seed to be a whole number, got ${values.seed}`);
if (crash && transport === "memory")
  throw new TypeError("Expected --crash with a transport that keeps events, such as --transport sqlite");

const progress = new Progress(process.stdout);
const surroundings = {
  seed,
  sabotage,
  log: (line: string) => progress.log(line),
  progress: (text: string) => progress.show(text),
};
const { faults } = await (transport === "memory"
  ? run(surroundings)
  : runDurably({ ...surroundings, transport, crash }));
process.exitCode = faults.length > 0 ? 1 : 0;
