// How long a timer of a millisecond is kept waiting while everything drains.
import { performance } from "node:perf_hooks";

import { setScene } from "../scene.mjs";

export const rounds = (pace) => pace.fewRounds;
export const columns = [{ head: "ms late", unit: "lateMs", digits: 1 }];

export async function stage(candidate, workload) {
  const scene = await setScene(candidate, workload);
  if (scene === undefined) return undefined;
  const { run, events } = scene;

  async function warm({ warmEvents }) {
    const slice = events.slice(0, 100_000);
    for (let warmed = 0; warmed < warmEvents; warmed += slice.length) await run(slice);
    return {};
  }

  /** Set when all is published: publishing is the caller's own loop. */
  async function sample() {
    const drained = run(events);
    const timer = watchTimer();
    await drained;
    return { lateMs: timer.stop() };
  }

  return { ...scene, warm, sample };
}

/**
 * `monitorEventLoopDelay` would not see it: it begins at the first call of its timer, which with some queues comes when all
 * is over.
 */
function watchTimer() {
  let last = performance.now();
  let late = 0;
  const look = () => {
    const now = performance.now();
    late = Math.max(late, now - last - 1);
    last = now;
  };
  const timer = setInterval(look, 1);
  return {
    stop() {
      clearInterval(timer);
      look();
      return late;
    },
  };
}
