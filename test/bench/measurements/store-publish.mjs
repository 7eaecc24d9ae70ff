// Wall-clock time of a publish that a store has confirmed.
import { publishFor, setStoreScene } from "../store-scene.mjs";

export const rounds = (pace) => pace.storeRounds;
/** Every round: each has an end of its own. */
export const most = Infinity;
export const columns = [
  { head: "events a second", textOf: ({ nsPerEvent }) => (1e9 / nsPerEvent).toFixed(0) },
  { head: "× the limit", unit: "ratioToLimit", digits: 1 },
];

export const stage = (candidate, { load }) =>
  setStoreScene(candidate, async ({ peer, place, counts }, { storeMs }) => {
    const store = await peer.open(place);
    const start = performance.now();
    const published = await publishFor(store, load, storeMs);
    const ms = performance.now() - start;
    counts.expected += published;
    counts.handled += await store.unsettled();
    await store.close();
    return { nsPerEvent: (ms * 1e6) / published };
  });
