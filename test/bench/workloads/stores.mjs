// Stores: SQLite beside other queues in a file, PostgreSQL beside other queues on it. Wall-clock time, since they wait for a
// disk. Run when they are asked for.
const FILES = [
  { module: "stores/raw-file.mjs" },
  { module: "stores/signalbox-sqlite.mjs", variant: "full" },
  { module: "stores/signalbox-sqlite.mjs", variant: "normal" },
  { module: "stores/plainjob.mjs", variant: "full" },
  { module: "stores/plainjob.mjs", variant: "normal" },
];
const SERVERS = [
  { module: "stores/raw-table.mjs" },
  { module: "stores/signalbox-postgres.mjs" },
  { module: "stores/pg-boss.mjs" },
  { module: "stores/graphile-worker.mjs" },
];

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
  {
    title: "claim",
    about:
      "From the asking for one event to having it, where a thousand wait and where a million do (a quick run: a hundred thousand), in turns.",
    measures: "store-claim",
  },
];

const settledInFile = "stores: publish, handled, settled (file)";
const PEERS = ["pg-boss", "graphile-worker"];

/** How many times as fast as the faster of the others on the server. */
const fasterOnServer = (name, title, atLeast, unit = "nsPerEvent") => ({
  name: `PostgreSQL, ${name}, faster than the better of pg-boss and graphile-worker`,
  on: `stores: ${title} (server)`,
  atLeast,
  value: (of) => {
    const [own, ...others] = ["signalbox", ...PEERS].map((each) =>
      of(`stores: ${title} (server)`, each, unit),
    );
    return Math.min(...others) / own;
  },
});

const claimsFlat = (store, where, candidate) => ({
  name: `${store}, the 99th percentile of a claim, many waiting against few`,
  on: `stores: claim (${where})`,
  atMost: 1.5,
  value: (of) => {
    const [few, many] = ["fewP99Ms", "manyP99Ms"].map((unit) =>
      of(`stores: claim (${where})`, candidate, unit),
    );
    return many / few;
  },
});

const targets = [
  {
    name: "SQLite, full, 100 at once, settled, against a raw file",
    on: settledInFile,
    atLeast: 25,
    unit: "%",
    value: (of) => (100 * of(settledInFile, "raw file")) / of(settledInFile, "signalbox, full"),
  },
  {
    name: "SQLite, full, 100 at once, settled, faster than plainjob",
    on: settledInFile,
    atLeast: 40,
    value: (of) => of(settledInFile, "plainjob, full") / of(settledInFile, "signalbox, full"),
  },
  claimsFlat("SQLite, full", "file", "signalbox, full"),
  fasterOnServer("one at a time", "publish, one at a time", 1.5),
  fasterOnServer("100 at once", "publish, 100 at once", 1.5),
  fasterOnServer("100 at once, settled", "publish, handled, settled", 1.5),
  fasterOnServer("drain", "drain", 1.5),
  fasterOnServer("the median latency", "latency", 1.5, "p50Ms"),
  fasterOnServer("the 99th percentile of the latency", "latency", 1.5, "p99Ms"),
  claimsFlat("PostgreSQL", "server", "signalbox"),
];

/* Nothing is taken from a limit, so that nothing is drained, and only Signalbox is asked for single claims. */
const taking = {
  "store-drain": ({ module }) => !module.includes("/raw-"),
  "store-claim": ({ module }) => module.includes("/signalbox-"),
};

const workloads = (where, candidates) =>
  kinds.map(({ title, ...kind }) => {
    const name = `stores: ${title} (${where})`;
    return {
      ...kind,
      name,
      isApart: true,
      concurrency: 100,
      candidates: candidates.filter(taking[kind.measures] ?? (() => true)),
      quick: {},
      targets: targets.filter(({ on }) => on === name),
      page: "docs/stores.md",
    };
  });

export default [...workloads("file", FILES), ...workloads("server", SERVERS)];
