/** The real event loop, for a testing kit whose time is not its own: what could still call back, and a last resort. */
import { createHook } from "node:async_hooks";
import type { HostTimer } from "./host.js";

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
  const work = new Map<string, number>([
    ["Timeout", -guards],
    ["Request", requests.size],
  ]);
  for (const kind of process.getActiveResourcesInfo()) work.set(kind, (work.get(kind) ?? 0) + 1);
  return work;
}

/* Node lists no file that is awaited, no digest and no compression among its active resources: these are counted here. */
const REQUEST = /REQ|^ZLIB$/;
const MANY_CALLS = /^(ZLIB|HTTPCLIENTREQUEST)$/;
const requests = new Set<number>();
const manyCalls = new Set<number>();
let watchers = 0;

/* Where Node knows it, promises are not asked about. */
const options = { trackPromises: false };
const hook = createHook({
  ...options,
  init(id, kind) {
    if (!REQUEST.test(kind)) return;
    requests.add(id);
    if (MANY_CALLS.test(kind)) manyCalls.add(id);
  },
  after(id) {
    if (!manyCalls.has(id)) requests.delete(id);
  },
  destroy(id) {
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
  };
}
