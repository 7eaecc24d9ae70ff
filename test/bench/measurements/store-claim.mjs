// Wall-clock time of the claim of one event, where a thousand wait and where many do, in turns.
import { quantile, setStoreScene } from "../store-scene.mjs";

/** What is filled up for minutes is asked once, and often. */
export const rounds = () => 1;
export const most = Infinity;
export const columns = [
  { head: "few, p50 ms", unit: "fewP50Ms", digits: 2 },
  { head: "many, p50 ms", unit: "manyP50Ms", digits: 2 },
  { head: "few, p99 ms", unit: "fewP99Ms", digits: 2 },
  { head: "many, p99 ms", unit: "manyP99Ms", digits: 2 },
];

export const stage = (candidate) =>
  setStoreScene(candidate, async ({ peer, place, counts }, { claims, claimsAmong }) => {
    const few = { store: await peer.claims(place), took: [] };
    const many = { store: await peer.claims(place.other), took: [] };
    await few.store.fill(1_000);
    await many.store.fill(claimsAmong);
    for (let index = 0; index < claims; index++)
      for (const { store, took } of [few, many]) took.push(await store.claim());
    counts.expected += 2 * claims;
    counts.handled += few.took.length + many.took.length;
    await few.store.close();
    await many.store.close();
    return {
      fewP50Ms: quantile(few.took, 0.5),
      manyP50Ms: quantile(many.took, 0.5),
      fewP99Ms: quantile(few.took, 0.99),
      manyP99Ms: quantile(many.took, 0.99),
    };
  });
