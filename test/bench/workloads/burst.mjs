// A burst: so many events are published without awaiting each, then all are handled.
const waiting = (count, more) => ({
  name: `${count.toLocaleString("en")} waiting`,
  ability: "queue",
  count,
  ...more,
});

export default [
  waiting(1_000, {
    targets: [
      {
        name: "all defaults, against p-queue, 1,000 waiting",
        atLeast: 5,
        value: (ratio) => ratio("1,000 waiting", "p-queue") / ratio("1,000 waiting", "signalbox"),
      },
    ],
  }),
  waiting(10_000, {
    targets: [
      {
        name: "all defaults, against the raw loop, 10,000 waiting",
        atMost: 7.5,
        value: (ratio) => ratio("10,000 waiting", "signalbox"),
      },
      {
        name: "lean, against the raw loop, 10,000 waiting",
        atMost: 4,
        value: (ratio) => ratio("10,000 waiting", "signalbox lean"),
      },
    ],
  }),
  waiting(100_000, {
    targets: [
      {
        name: "all defaults, against p-queue, 100,000 waiting",
        atLeast: 8,
        value: (ratio) => ratio("100,000 waiting", "p-queue") / ratio("100,000 waiting", "signalbox"),
      },
      {
        name: "all defaults, against fastq.promise, 100,000 waiting",
        atLeast: 2,
        value: (ratio) => ratio("100,000 waiting", "fastq.promise") / ratio("100,000 waiting", "signalbox"),
      },
    ],
  }),
  waiting(1_000_000, {
    peers: ["raw loop", "signalbox", "signalbox lean"],
    isLong: true,
    targets: [
      {
        name: "all defaults, 1,000,000 waiting against 10,000",
        atMost: 2,
        value: (ratio) => ratio("1,000,000 waiting", "signalbox") / ratio("10,000 waiting", "signalbox"),
      },
    ],
  }),
];
