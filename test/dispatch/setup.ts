/** What the tests of publishing and lanes share: a few events, a bus with shared lanes, and what its counts say. */
import { expect } from "vitest";
import { Event, type Lane } from "../../src/index.js";
import { deferred, virtualBus, type VirtualTime } from "../support/virtual.js";

export class Ping extends Event("test.ping")<{ n: number }> {}
export class Pong extends Event("test.pong")<{ n: number }> {}
export class Keyed extends Event("test.keyed", { key: (event: { key: string }) => event.key })<{
  key: string;
  n: number;
}> {}

export type TestBus = ReturnType<typeof virtualBus>["bus"];

/** A handler that each call of waits until the test lets it go, in the order of the calls. */
export function gated() {
  const calls: { readonly n: number; readonly go: () => void; readonly fail: (error: Error) => void }[] = [];
  const seen: number[] = [];
  const handler = ({ n }: { n: number }): Promise<void> => {
    const { promise, resolve, reject } = deferred();
    seen.push(n);
    calls.push({ n, go: resolve, fail: reject });
    return promise;
  };
  const next = async (time: VirtualTime): Promise<void> => {
    calls.shift()?.go();
    await time.rest();
  };
  const openAll = async (time: VirtualTime): Promise<void> => {
    while (calls.length > 0) await next(time);
  };
  return { handler, seen, calls, next, openAll };
}

/** The counts of a subscription; they must add up whenever anybody looks. */
export function counts(bus: TestBus, name: string) {
  const found = bus.describe().subscriptions.find((each) => each.name === name)!;
  return found.counts;
}

/** What does not add up in the counts of a bus. */
export function mismatches(bus: TestBus): string[] {
  return bus.describe().subscriptions.flatMap(({ name, counts: { routed, ...parts } }) => {
    const sum = Object.values(parts).reduce((a, b) => a + b, 0);
    return sum === routed ? [] : [`${name}: ${sum} of ${routed} ${JSON.stringify(parts)}`];
  });
}

/** Fails where the counts of any subscription do not add up. Not for user code, whose errors the engine keeps to itself. */
export function expectCountsToAddUp(bus: TestBus): void {
  expect(mismatches(bus)).toEqual([]);
}

/** Settles to what became of a promise, for the ones that may never settle. */
export function watched<T>(promise: Promise<T>) {
  const state: { value?: T; error?: unknown; isSettled: boolean } = { isSettled: false };
  promise.then(
    (value) => Object.assign(state, { value, isSettled: true }),
    (error: unknown) => Object.assign(state, { error, isSettled: true }),
  );
  return state;
}

export function toggle(lane: Lane): void {
  if (lane.isPaused) lane.resume();
  else lane.pause();
}

export const n = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, index) => from + index);
