// CPU time per event, of a process that has learnt its work.
import { cpu, mainThreadCpu } from "../cpu.mjs";
import { setScene } from "../scene.mjs";

export const rounds = (pace) => pace.rounds;

export const columns = [
  { head: "ns per event", unit: "nsPerEvent" },
  { head: "× raw loop", unit: "ratioToLimit", digits: 1 },
  { head: "main thread ns", unit: "mainThreadNsPerEvent" },
];

export async function stage(candidate, workload) {
  const scene = await setScene(candidate, workload);
  if (scene === undefined) return undefined;
  const { run, events } = scene;
  let learnt;

  async function timed(runs) {
    const start = cpu();
    const mainStart = mainThreadCpu();
    for (let i = 0; i < runs; i++) await run(events);
    const count = runs * events.length;
    const nsPerEvent = (cpu() - start) / count;
    return mainStart === undefined
      ? { nsPerEvent }
      : { nsPerEvent, mainThreadNsPerEvent: (mainThreadCpu() - mainStart) / count };
  }

  /** Twice as often each time: the last tells what an event costs. */
  async function warm({ warmEvents, warmMost }) {
    const start = cpu();
    let warmed = 0;
    for (let runs = 1; warmed < warmEvents && cpu() - start < warmMost * 1e6; runs *= 2) {
      learnt = await timed(runs);
      warmed += runs * events.length;
    }
    return {};
  }

  /** No forced collection before it: that also throws away what the engine has learnt, and costs five times the events. */
  async function sample({ roundMs }) {
    return timed(Math.max(1, Math.round((roundMs * 1e6) / (learnt.nsPerEvent * events.length))));
  }

  return { ...scene, warm, sample };
}
