// Nothing waits: the next event is published when the one before is handled, or settled.
export default [
  {
    name: "one at a time, until handled",
    ability: "oneAtATime",
    count: 10_000,
    targets: [
      {
        name: "one at a time, all defaults, against the raw loop",
        atMost: 15,
        value: (ratio) => ratio("one at a time, until handled", "signalbox"),
      },
    ],
  },
  { name: "one at a time, until settled", ability: "oneSettled", count: 10_000 },
];
