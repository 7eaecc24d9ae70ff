// What there is: every file in workloads/ (one workload or several) and every file in peers/.
import { readdir } from "node:fs/promises";

const stemOf = (file) => file.slice(0, -".mjs".length);

async function filesIn(folder) {
  const files = await readdir(new URL(folder, import.meta.url));
  return files.toSorted((a, b) => (stemOf(a) < stemOf(b) ? -1 : 1));
}

/** The workloads of a pace, with their defaults filled in. A quick run has only those that targets need. */
export async function workloads(pace) {
  const found = [];
  for (const file of await filesIn("workloads/")) {
    const { default: given } = await import(new URL(`workloads/${file}`, import.meta.url).href);
    found.push(...[given].flat());
  }
  if (pace.name !== "quick") return found.map(complete);
  return found.filter(({ quick }) => quick !== undefined).map((each) => complete({ ...each, ...each.quick }));
}

/** Who takes part in a workload: its own candidates, or the peers that it names, or all peers. */
export async function candidatesOf({ candidates, peers }) {
  if (candidates !== undefined) return candidates;
  const files = await filesIn("peers/");
  const taken = files.filter((file) => peers === undefined || peers.includes(stemOf(file)));
  return taken.map((file) => ({ module: `peers/${file}` }));
}

/** A module is imported in the process of its candidate and in no other. */
export async function peerOf({ module, variant }) {
  const imported = await import(new URL(module, import.meta.url).href);
  return variant === undefined ? imported : imported.variants[variant];
}

export const measurementOf = ({ measures }) => import(`./measurements/${measures}.mjs`);

function complete(workload) {
  return {
    measures: "time",
    /** Of the handler, made anew for every process. */
    handler: () => ({ async handle() {} }),
    dataOf: (index) => ({ orderId: `o-${index}`, total: index }),
    /** What a peer's queue must have: "keys", "priorities", "types". */
    needs: [],
    around: (run) => run,
    targets: [],
    /** Runs only where its name is asked for. */
    isApart: false,
    /** Where its table is printed. */
    page: "docs/benchmarks.md",
    ...workload,
  };
}
