// What each feature of Signalbox adds to a delivery: docs/costs.md.
import { BASE, features } from "../features.mjs";

const howOf = new Map(features.map(({ name, how }) => [name, how]));

export default {
  name: "features",
  about: "10,000 waiting as in the benchmarks, each time with this one thing more and nothing else.",
  page: "docs/costs.md",
  ability: "queue",
  count: 10_000,
  dataOf: (index) => ({ orderId: `o-${index}`, total: index, customer: `customer-${index % 100}` }),
  candidates: [
    { module: "peers/raw-loop.mjs" },
    ...features.map(({ name }) => ({ module: "feature-peer.mjs", variant: name })),
  ],
  base: BASE,
  columns: [
    { head: "written", textOf: ({ candidate }) => howOf.get(candidate) ?? "" },
    { head: "adds ns", unit: "nsAdded" },
    { head: "ns per event", unit: "nsPerEvent" },
    { head: "× raw loop", unit: "ratioToLimit", digits: 1 },
  ],
};
