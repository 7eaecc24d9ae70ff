// Wall-clock time of what was waiting before anybody handled it: from the first handler until nothing is left.
import { fill, setStoreScene, untilSettled } from "../store-scene.mjs";

export const rounds = (pace) => pace.storeRounds;
/** Every round: each has an end of its own. */
export const most = Infinity;
export const columns = [
  { head: "events a second", textOf: ({ nsPerEvent }) => (1e9 / nsPerEvent).toFixed(0) },
];

export const stage = (candidate, { concurrency }) =>
  setStoreScene(candidate, async ({ peer, place, counts }, { storeEvents }) => {
    const filled = await peer.open(place);
    await fill(filled, storeEvents);
    await filled.close();
    let handled = 0;
    let start;
    const handler = async () => {
      start ??= performance.now();
      handled++;
    };
    const store = await peer.open(place, { handler, concurrency });
    await untilSettled(store, () => handled >= storeEvents);
    const ms = performance.now() - start;
    counts.expected += storeEvents;
    counts.handled += handled;
    await store.close();
    return { nsPerEvent: (ms * 1e6) / storeEvents };
  });
