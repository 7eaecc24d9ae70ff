// Wall-clock time of publish → handled → settled, until the store has nothing left.
import { publishFor, setStoreScene, untilSettled } from "../store-scene.mjs";

export { columns, most, rounds } from "./store-publish.mjs";

export const stage = (candidate, { load, concurrency }) =>
  setStoreScene(candidate, async ({ peer, place, counts }, { storeMs }) => {
    let handled = 0;
    const handler = async () => void handled++;
    const store = await peer.open(place, { handler, concurrency });
    const start = performance.now();
    const published = await publishFor(store, load, storeMs);
    await untilSettled(store, () => handled >= published);
    const ms = performance.now() - start;
    counts.expected += published;
    counts.handled += handled;
    await store.close();
    return { nsPerEvent: (ms * 1e6) / published };
  });
