// What there is: every file in workloads/ (one workload or several) and every file in peers/.
import { readdir } from "node:fs/promises";

const stemOf = (file) => file.slice(0, -".mjs".length);

async function filesIn(folder) {
  const files = await readdir(new URL(folder, import.meta.url));
  return files.toSorted((a, b) => (stemOf(a) < stemOf(b) ? -1 : 1));
}

/** All workloads, with their defaults filled in. */
export async function workloads() {
  const found = [];
  for (const file of await filesIn("workloads/")) {
    const { default: given } = await import(new URL(`workloads/${file}`, import.meta.url).href);
    found.push(...[given].flat().map(complete));
  }
  return found;
}

/** File names, because a process imports its own peer and no other. */
export const peerFiles = () => filesIn("peers/");

export const peerIn = (file) => import(new URL(`peers/${file}`, import.meta.url).href);

function complete(workload) {
  return {
    measures: "time",
    dataOf: (index) => ({ orderId: `o-${index}`, total: index }),
    around: (run) => run,
    targets: [],
    isLong: false,
    ...workload,
    setup: { concurrency: 10, ...workload.setup },
  };
}
