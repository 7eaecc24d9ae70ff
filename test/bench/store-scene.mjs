// A candidate with a store that is new for every sample, and is gone after it.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

import { peerOf } from "./catalogue.mjs";

/** `undefined` where it cannot be opened here; `sampled` gets the place of a store and answers what was measured. */
export async function setStoreScene(candidate, sampled) {
  const peer = await peerOf(candidate);
  if ((await peer.canOpen?.()) === false) return undefined;
  const counts = { handled: 0, expected: 0 };

  async function sample(pace) {
    const folder = mkdtempSync(path.join(tmpdir(), "signalbox-bench-"));
    const schema = `signalbox_bench_${process.pid}`;
    const other = { folder: path.join(folder, "other"), schema: `${schema}_other` };
    mkdirSync(other.folder);
    const place = { folder, schema, other };
    try {
      return await sampled({ peer, place, counts }, pace);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      if (peer.canOpen !== undefined)
        await (await import("./stores/server.mjs")).dropSchemas(schema, other.schema);
    }
  }

  const few = { storeMs: 200, storeEvents: 500, claims: 20, claimsAmong: 500 };
  const warm = async (pace) => (await sample({ ...pace, ...few }), {});
  return { name: peer.name, isLimit: peer.isLimit, warm, sample, check: async () => counts };
}

export const dataOf = (index) => ({ orderId: `o-${index}`, total: index });
export const dataUpTo = (count) => Array.from({ length: count }, (_, index) => dataOf(index));

export const quantile = (numbers, share) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * share)];

/** In batches, so that none is larger than a statement may be. */
export async function fill(store, count) {
  for (let at = 0; at < count; at += 500) await store.publishAll(dataUpTo(Math.min(500, count - at)));
}

/** So many publishers, each of which goes on when its publish has resolved, for so long; answers how many there were. */
export async function publishFor(store, { publishers, batch = 1 }, ms) {
  const until = performance.now() + ms;
  let published = 0;
  async function publisher() {
    while (performance.now() < until) {
      const at = published;
      published += batch;
      if (batch === 1) await store.publish(dataOf(at));
      else await store.publishAll(dataUpTo(batch));
    }
  }
  await Promise.all(Array.from({ length: publishers }, publisher));
  return published;
}

/** Asks every millisecond; what never comes is found by the check. */
export async function untilSettled(store, isHandled) {
  const until = performance.now() + 60_000;
  while ((!isHandled() || (await store.unsettled()) > 0) && performance.now() < until) await sleep(1);
}
