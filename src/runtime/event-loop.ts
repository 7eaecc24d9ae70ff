/** The real event loop, for a testing kit whose time is not its own: what could still call back, and a last resort. */
import { createHook } from "node:async_hooks";
import type { HostTimer } from "./host.js";

/* Kept from the beginning: a test runner may put fakes of its own in their place. */
const { setTimeout, clearTimeout, setImmediate, performance } = globalThis;
const now = performance.now.bind(performance);

/** Milliseconds of real time. */
export function realTime(): number {
  return now();
}

/** Runs once the event loop has been round. */
export function afterTurn(run: () => void): void {
  setImmediate(run);
}

/* How many guards are set: they are timers too, and not the work of whoever is watched. */
let guards = 0;

/** A real timer that does not count as work. */
export function guardAfter(ms: number, run: () => void): HostTimer {
  let isSet = true;
  const over = (): void => {
    if (isSet) guards--;
    isSet = false;
  };
  const timer = setTimeout(() => (over(), run()), ms);
  guards++;
  return { cancel: () => (clearTimeout(timer), over()) };
}

/** What keeps the event loop of this process going, guards apart: how many of each kind, by Node's names. */
export function workOfLoop(): ReadonlyMap<string, number> {
  const work = new Map<string, number>([["Timeout", -guards]]);
  for (const kind of process.getActiveResourcesInfo()) work.set(kind, (work.get(kind) ?? 0) + 1);
  return work;
}

/** What is under way now that Node does not list reliably: files, digests, compressions, silent workers. */
export function unlistedWork(): ReadonlySet<number> {
  return new Set([...requests, ...workers]);
}

/** Whether anything of that kind has begun since, and has not ended. */
export function hasUnlistedWork(before: ReadonlySet<number>): boolean {
  for (const id of requests) if (!before.has(id)) return true;
  for (const id of workers) if (!before.has(id)) return true;
  return false;
}

/* Node lists no file that is awaited, no digest and no compression among its active resources: these are counted here. */
const REQUEST = /REQ|^ZLIB$/;
const MANY_CALLS = /^(ZLIB|HTTPCLIENTREQUEST)$/;
const requests = new Set<number>();
const manyCalls = new Set<number>();
/* Nor a worker that nobody listens to for messages. */
const workers = new Set<number>();
let watchers = 0;

/* Where Node knows it, promises are not asked about. */
const options = { trackPromises: false };
const hook = createHook({
  ...options,
  init(id, kind) {
    if (kind === "WORKER") workers.add(id);
    if (!REQUEST.test(kind)) return;
    requests.add(id);
    if (MANY_CALLS.test(kind)) manyCalls.add(id);
  },
  after(id) {
    workers.delete(id); // it calls once, at its exit
    if (!manyCalls.has(id)) requests.delete(id);
  },
  destroy(id) {
    workers.delete(id);
    requests.delete(id);
    manyCalls.delete(id);
  },
});

/** Counts requests from now on, at the price of a hook on every promise before Node 26; the answer ends it. */
export function watchRequests(): () => void {
  if (watchers++ === 0) hook.enable();
  let isWatched = true;
  return () => {
    if (!isWatched) return;
    isWatched = false;
    if (--watchers > 0) return;
    hook.disable();
    requests.clear();
    manyCalls.clear();
    workers.clear();
  };
}
