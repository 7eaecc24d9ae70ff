// A script that starts, publishes a million events, handles them and ends.
const name = "whole cold process";

// Twice what a bare prototype of the way through took on two cores: 1.2 s and 161 MiB.
const SECONDS = 2.4;
const MIB = 322;

export default {
  name,
  about:
    "A process from its start until 1,000,000 events are made, published and handled: imports, learning and collection included.",
  measures: "cold-process",
  ability: "queue",
  count: 1_000_000,
  dataOf: (index) => ({ id: index }),
  peers: ["raw-loop", "signalbox", "signalbox-lean", "p-queue", "fastq"],
  quick: { peers: ["raw-loop", "signalbox"] },
  targets: [
    {
      name: "all defaults, cold process, 1,000,000 events",
      atMost: SECONDS,
      unit: "s of CPU",
      value: (of) => of(name, "signalbox", "cpuSeconds"),
    },
    {
      name: "all defaults, cold process, peak memory",
      atMost: MIB,
      unit: "MiB",
      value: (of) => of(name, "signalbox", "peakMiB"),
    },
  ],
};
