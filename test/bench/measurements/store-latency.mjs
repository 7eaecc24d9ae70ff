// From the call of publish to the call of the handler, at a hundred events a second.
import { setTimeout as sleep } from "node:timers/promises";

import { dataOf, quantile, setStoreScene, untilSettled } from "../store-scene.mjs";

export const rounds = (pace) => pace.storeRounds;
/** Every round: each has an end of its own. */
export const most = Infinity;
export const columns = [
  { head: "p50 ms", unit: "p50Ms", digits: 2 },
  { head: "p99 ms", unit: "p99Ms", digits: 2 },
];

const EVERY_MS = 10;

export const stage = (candidate, { concurrency }) =>
  setStoreScene(candidate, async ({ peer, place, counts }, { storeMs }) => {
    const called = [];
    const took = [];
    const handler = async ({ total }) => void took.push(performance.now() - called[total]);
    const store = await peer.open(place, { handler, concurrency });
    const start = performance.now();
    for (let index = 0; index * EVERY_MS < storeMs; index++) {
      await sleep(Math.max(0, start + index * EVERY_MS - performance.now()));
      called.push(performance.now());
      void store.publish(dataOf(index));
    }
    await untilSettled(store, () => took.length >= called.length);
    counts.expected += called.length;
    counts.handled += took.length;
    await store.close();
    return { p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) };
  });
