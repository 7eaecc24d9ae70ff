// Stores: SQLite beside other queues in a file, PostgreSQL beside other queues on it. Wall-clock time, since they wait for a
// disk. Run when they are asked for.
const FILES = [
  { module: "stores/raw-file.mjs" },
  { module: "stores/signalbox-sqlite.mjs", variant: "full" },
  { module: "stores/signalbox-sqlite.mjs", variant: "normal" },
  { module: "stores/plainjob.mjs", variant: "full" },
  { module: "stores/plainjob.mjs", variant: "normal" },
];
const SERVERS = [{ module: "stores/pg-boss.mjs" }, { module: "stores/graphile-worker.mjs" }];

const kinds = [
  {
    title: "publish, one at a time",
    about: "The next is published when the store has the one before.",
    measures: "store-publish",
    load: { publishers: 1 },
  },
  {
    title: "publish, 100 at once",
    about: "A hundred publishers, each of which goes on when the store has its event.",
    measures: "store-publish",
    load: { publishers: 100 },
  },
  {
    title: "publish, a hundred as one",
    about: "A hundred events in one call, where there is one for it.",
    measures: "store-publish",
    load: { publishers: 1, batch: 100 },
  },
  {
    title: "publish, handled, settled",
    about: "A hundred publishers at once and a hundred handlers, until nothing is left in the store.",
    measures: "store-settled",
    load: { publishers: 100 },
  },
  {
    title: "drain",
    about:
      "What waits already, handled by a hundred at a time, from the first handler until nothing is left.",
    measures: "store-drain",
  },
  {
    title: "latency",
    about: "From the call of `publish` to the call of the handler, at a hundred events a second.",
    measures: "store-latency",
  },
];

const settledInFile = "stores: publish, handled, settled (file)";
const targets = [
  {
    name: "SQLite, full, 100 at once, settled, against a raw file",
    atLeast: 25,
    unit: "%",
    value: (of) => (100 * of(settledInFile, "raw file")) / of(settledInFile, "signalbox, full"),
  },
  {
    name: "SQLite, full, 100 at once, settled, faster than plainjob",
    atLeast: 40,
    value: (of) => of(settledInFile, "plainjob, full") / of(settledInFile, "signalbox, full"),
  },
];

const workloads = (where, candidates) =>
  kinds.map(({ title, ...kind }) => {
    const name = `stores: ${title} (${where})`;
    const own = name === settledInFile ? targets : [];
    // A raw file is not read: nothing is drained from it.
    const taking =
      kind.measures === "store-drain"
        ? candidates.filter(({ module }) => module !== "stores/raw-file.mjs")
        : candidates;
    return {
      ...kind,
      name,
      isApart: true,
      concurrency: 100,
      candidates: taking,
      quick: {},
      targets: own,
      page: "docs/stores.md",
    };
  });

export default [...workloads("file", FILES), ...workloads("server", SERVERS)];
