/** What the tests of tasks and divided work share: a few tasks, and handlers that wait until the test lets them go. */
import { expect } from "vitest";
import { z } from "zod";
import {
  Event,
  type SubscriptionOptions,
  Task,
  type TaskHandle,
  type BusOptions,
  type Progress,
} from "../../src/index.js";
import { deferred, virtualBus, type VirtualTime } from "../support/virtual.js";
import { mismatches, type TestBus } from "../dispatch/setup.js";

export class Double extends Task("math.double")<{ n: number }, number> {}
export class Add extends Task("math.add")<{ a: number; b: number }, number> {}
export class Nothing extends Task("test.nothing") {}
export class Resize extends Task("image.resize", {
  input: z.object({ path: z.string(), size: z.coerce.number().default(64) }),
  output: z.object({ thumb: z.string(), width: z.coerce.number() }),
}) {}
export class Asked extends Event("test.asked")<{ n: number }> {}

export interface Call {
  readonly n: number;
  readonly signal: AbortSignal;
  give(value: number): void;
  fail(error: unknown): void;
}

/** A started bus on virtual time whose `Double` waits for the test, call by call. */
export async function gatedBus(options: BusOptions = {}, policies: SubscriptionOptions<Double> = {}) {
  const made = virtualBus(options as object);
  const calls: Call[] = [];
  made.bus.handle(Double, { name: "double", ...policies }, ({ n }, { signal }) => {
    const { promise, resolve, reject } = deferred<number>();
    calls.push({ n, signal, give: resolve, fail: reject });
    return promise;
  });
  await made.bus.start();
  return { ...made, calls };
}

/** Settles to what became of a result, and how often. */
export function seen(handle: TaskHandle<unknown>) {
  const state: { value?: unknown; error?: unknown; times: number } = { times: 0 };
  handle.result().then(
    (value) => Object.assign(state, { value, times: state.times + 1 }),
    (error: unknown) => Object.assign(state, { error, times: state.times + 1 }),
  );
  return state;
}

/** All that a handle reports, until it ends. */
export async function reported(handle: TaskHandle<unknown>): Promise<Progress[]> {
  const all: Progress[] = [];
  for await (const progress of handle.progress) all.push(progress);
  return all;
}

/** Nothing is left: no delivery, no timer, counts that add up. */
export async function expectRest(bus: TestBus, time: VirtualTime): Promise<void> {
  await time.rest();
  expect(mismatches(bus)).toEqual([]);
  expect(bus.atRisk).toBe(0);
  expect(time.timers).toBe(0);
}
