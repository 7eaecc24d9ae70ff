// A burst: so many events are published without awaiting each, then all are handled.
const nameOf = (count) => `${count.toLocaleString("en")} waiting`;
const [thousand, tenThousand, hundredThousand, million] = [1_000, 10_000, 100_000, 1_000_000].map(nameOf);

const waiting = (count, more) => ({
  name: nameOf(count),
  about: `${count.toLocaleString("en")} times \`bus.publish(event)\` without awaiting each, then \`await bus.idle()\`. Ten run at a time.`,
  ability: "queue",
  count,
  ...more,
});

export default [
  waiting(1_000, {
    quick: { peers: ["raw-loop", "signalbox", "p-queue", "nestjs-cqrs"] },
    targets: [
      {
        name: "all defaults, 1,000 waiting, faster than p-queue",
        atLeast: 5,
        value: (of) => of(thousand, "p-queue") / of(thousand, "signalbox"),
      },
      {
        name: "all defaults, 1,000 waiting, faster than @nestjs/cqrs EventBus",
        atLeast: 12,
        value: (of) => of(thousand, "@nestjs/cqrs") / of(thousand, "signalbox"),
      },
    ],
  }),
  waiting(10_000, {
    quick: { peers: ["raw-loop", "signalbox", "signalbox-lean"] },
    targets: [
      {
        name: "all defaults, 10,000 waiting, against the raw loop",
        atMost: 7.5,
        value: (of) => of(tenThousand, "signalbox", "ratioToLimit"),
      },
      {
        name: "lean, 10,000 waiting, against the raw loop",
        atMost: 4,
        value: (of) => of(tenThousand, "signalbox lean", "ratioToLimit"),
      },
    ],
  }),
  waiting(100_000, {
    quick: { peers: ["raw-loop", "signalbox", "p-queue", "fastq"] },
    targets: [
      {
        name: "all defaults, 100,000 waiting, faster than p-queue",
        atLeast: 8,
        value: (of) => of(hundredThousand, "p-queue") / of(hundredThousand, "signalbox"),
      },
      {
        name: "all defaults, 100,000 waiting, faster than fastq.promise",
        atLeast: 2,
        value: (of) => of(hundredThousand, "fastq.promise") / of(hundredThousand, "signalbox"),
      },
    ],
  }),
  waiting(1_000_000, {
    peers: ["raw-loop", "signalbox", "signalbox-lean", "fastq"],
    quick: { peers: ["raw-loop", "signalbox"] },
    targets: [
      {
        name: "all defaults, 1,000,000 waiting, against 10,000",
        atMost: 2,
        value: (of) => of(million, "signalbox") / of(tenThousand, "signalbox"),
      },
    ],
  }),
];
