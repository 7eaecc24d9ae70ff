/** A process of the simulator: runs so many seeds over the workloads, and prints what it found. */
import { createHash } from "node:crypto";
import { report } from "../../src/testing/simulate/report.js";
import { run, type Scenario } from "../../src/testing/simulate/run.js";
import { mixedLife } from "./acts.js";
import { heldLane, waitingLane } from "./queue.js";

const WORKLOADS: readonly Scenario[] = [mixedLife, mixedLife, mixedLife, mixedLife, heldLane, waitingLane];

interface Found {
  readonly seed: number;
  readonly says: string;
}

const [first = 1, count = 1_000, foundMax = 1] = process.argv.slice(2).map(Number);
const found: Found[] = [];
/* Of all transcripts: the same in every version of Node. */
const hash = createHash("sha256");
const began = performance.now();
let seeds = 0;
for (; seeds < count && found.length < foundMax; seeds++) {
  const seed = first + seeds;
  const { violation, transcript } = await run(WORKLOADS[seed % WORKLOADS.length]!, seed);
  for (const line of transcript) hash.update(`${line}\n`);
  if (violation !== undefined) found.push({ seed, says: `${violation.name}: ${violation.facts}` });
}
if (process.argv[5] === "show" && found[0] !== undefined) {
  const { seed } = found[0];
  const scenario = WORKLOADS[seed % WORKLOADS.length]!;
  process.stdout.write(
    await report(await run(scenario, seed), { seed, scenario, again: `-- --seed ${seed}` }),
  );
} else
  process.stdout.write(
    JSON.stringify({
      seeds,
      found,
      seconds: (performance.now() - began) / 1_000,
      transcripts: hash.digest("hex"),
    }),
  );
process.exit(0);
