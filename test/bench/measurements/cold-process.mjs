// A whole process, from its start until everything is handled: nothing is warm, everything is paid for.
import { performance } from "node:perf_hooks";
import { resourceUsage } from "node:process";

import { cpu } from "../cpu.mjs";
import { setScene } from "../scene.mjs";

export const isFresh = true;
export const rounds = (pace) => pace.fewRounds;

export const columns = [
  { head: "s of CPU", unit: "cpuSeconds", digits: 2 },
  { head: "× raw loop", unit: "ratioToLimit", digits: 1 },
  { head: "s by the clock", unit: "seconds", digits: 2 },
  { head: "MiB at most", unit: "peakMiB" },
];

export async function stage(candidate, workload) {
  let handled = 0;
  const handler = () => ({
    async handle() {
      handled++;
    },
  });
  // An event is made when it is published, as in a program.
  const scene = await setScene(candidate, { ...workload, handler }, (events) => events);
  if (scene === undefined) return undefined;
  const { name, isLimit, run, events } = scene;

  async function sample() {
    await run(events);
    const spent = cpu();
    return {
      nsPerEvent: spent / workload.count,
      cpuSeconds: spent / 1e9,
      seconds: performance.now() / 1_000,
      peakMiB: resourceUsage().maxRSS / 1_024,
    };
  }

  return { name, isLimit, sample, check: async () => ({ handled, expected: workload.count }) };
}
