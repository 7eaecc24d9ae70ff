// What an event that waits takes beyond itself: the heap with all of them waiting, less the heap before.
import { memoryUsage } from "node:process";
import { setImmediate } from "node:timers/promises";

import { setScene } from "../scene.mjs";

export const flags = ["--expose-gc"];
export const rounds = (pace) => pace.fewRounds;
export const columns = [{ head: "bytes per waiting event", unit: "bytesPerEvent" }];

export async function stage(candidate, workload) {
  const scene = await setScene(candidate, workload);
  if (scene === undefined) return undefined;
  const { handler, run, events } = scene;

  /** So that what is made once is there before the first reading. */
  async function warm() {
    await run(events.slice(0, 10_000));
    return {};
  }

  /** The handlers do not end, so that everything waits. */
  async function sample() {
    const { promise: gate, resolve: open } = Promise.withResolvers();
    const { handle } = handler;
    handler.handle = () => gate;
    const before = await heap();
    const drained = run(events);
    const bytes = (await heap()) - before;
    open();
    await drained;
    handler.handle = handle;
    return { bytesPerEvent: bytes / events.length };
  }

  return { ...scene, warm, sample };
}

async function heap() {
  await setImmediate();
  await setImmediate();
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = memoryUsage();
  return heapUsed + external;
}
