// What an event that waits takes beyond itself: the heap with all of them waiting, less the heap before.
const name = "memory, 100,000 waiting";

export default {
  name,
  measures: "memory",
  ability: "queue",
  count: 100_000,
  peers: ["signalbox", "signalbox lean", "p-queue", "fastq.promise"],
  targets: [
    {
      name: "bytes per waiting event, all defaults",
      atMost: 320,
      value: (_, bytes) => bytes(name, "signalbox"),
    },
    {
      name: "bytes per waiting event, lean",
      atMost: 160,
      value: (_, bytes) => bytes(name, "signalbox lean"),
    },
  ],
};
