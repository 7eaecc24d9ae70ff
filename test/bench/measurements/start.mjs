// From a list of subscriber classes to a bus that runs, once per process.
import { performance } from "node:perf_hooks";

import { peerOf } from "../catalogue.mjs";

export const isFresh = true;
export const rounds = (pace) => pace.coldRounds;

export const columns = [
  { head: "ms to start", unit: "ms", digits: 1 },
  { head: "ms with what is before it", unit: "totalMs", digits: 1 },
];

export async function stage(candidate, { count, handler: make }) {
  const { name, starting } = await peerOf(candidate);
  if (starting === undefined) return undefined;
  const handler = make();
  const { create, start, publishAll } = starting({ count, handler });

  async function sample() {
    const begin = performance.now();
    create?.();
    const created = performance.now();
    await start();
    const started = performance.now();
    return { ms: started - created, totalMs: started - begin };
  }

  /** One event for each subscriber. */
  async function check() {
    let handled = 0;
    handler.handle = async () => void handled++;
    await publishAll();
    return { handled, expected: count };
  }

  return { name, sample, check };
}
