// What an event that waits takes beyond itself.
const name = "memory";

export default {
  name,
  about:
    "Bytes of the heap with 1,000,000 events waiting behind handlers that do not end (`--quick`: 100,000), less the heap before, collected both times. The events are older and do not count.",
  measures: "memory",
  ability: "queue",
  count: 1_000_000,
  peers: ["signalbox", "signalbox-lean", "p-queue", "fastq", "async", "p-limit"],
  quick: { count: 100_000, peers: ["signalbox", "signalbox-lean"] },
  targets: [
    {
      name: "all defaults, memory per waiting event",
      atMost: 320,
      unit: "bytes",
      value: (of) => of(name, "signalbox", "bytesPerEvent"),
    },
    {
      name: "lean, memory per waiting event",
      atMost: 160,
      unit: "bytes",
      value: (of) => of(name, "signalbox lean", "bytesPerEvent"),
    },
  ],
};
