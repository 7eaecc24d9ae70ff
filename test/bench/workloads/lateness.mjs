// Does the event loop get its turn while a million events drain?
const name = "lateness of a timer";

export default {
  name,
  about:
    "A timer of 1 ms is set when 1,000,000 events are waiting: the longest that it is late until all are handled.",
  measures: "lateness",
  ability: "queue",
  count: 1_000_000,
  peers: ["signalbox", "signalbox-lean", "p-queue", "fastq"],
  quick: { peers: ["signalbox"] },
  targets: [
    {
      name: "all defaults, 1,000,000 draining, a timer of 1 ms is late",
      atMost: 10,
      unit: "ms",
      value: (of) => of(name, "signalbox", "lateMs"),
    },
  ],
};
