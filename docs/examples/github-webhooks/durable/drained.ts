// When is nothing left to do? A receipt cannot tell on a store, where anybody may handle an event; the store can.
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus, Store } from "signalbox";
import { LEASE } from "./stores.js";

const LOOK = 50; // milliseconds between two looks
const QUIET = 4 * LOOK; // for so long nothing may have been seen

/**
 * Resolves when nothing waits in the store and nothing runs here. What a killed process had counts as neither until its
 * lease has run out: so a later life goes on looking until then.
 */
export async function drained(bus: Bus, store: Store, { life, bornAt }: Born): Promise<void> {
  const until = life === 1 ? 0 : bornAt + 2 * LEASE;
  let busyAt = performance.now();
  while (performance.now() < Math.max(until, busyAt + QUIET)) {
    await sleep(LOOK);
    if ((await waitingIn(store)) + atWork(bus) > 0) busyAt = performance.now();
  }
}

interface Born {
  readonly life: number;
  readonly bornAt: number; // as performance.now()
}

/** How many deliveries wait in the store, for their turn or for their retry. */
export async function waitingIn(store: Store): Promise<number> {
  const groups = await store.groups();
  return groups.reduce((sum, { waiting }) => sum + waiting, 0);
}

function atWork(bus: Bus): number {
  return [...bus.lanes.values()].reduce((sum, { waiting, running }) => sum + waiting + running, 0);
}
