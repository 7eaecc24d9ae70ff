// What it takes to import a package into a process that has imported nothing like it.
import { performance } from "node:perf_hooks";

export const isFresh = true;
export const rounds = (pace) => pace.coldRounds;
export const columns = [{ head: "ms", unit: "ms", digits: 1 }];

export async function stage({ module, name, exports }) {
  let imported;

  async function sample() {
    const begin = performance.now();
    imported = await import(module);
    return { ms: performance.now() - begin };
  }

  /** What people import from it is there. */
  async function check() {
    return { handled: exports.filter((each) => each in imported).length, expected: exports.length };
  }

  return { name, sample, check };
}
