// Ten thousand schedules, none of them due.
const name = "schedules";
const candidates = [{ module: "task-peer.mjs", name: "signalbox" }];

export default {
  name,
  about:
    "10,000 times `bus.schedule(name, expression, event)` with 60 different expressions: the heap with them, less the heap before, and the timers that the process has for them.",
  measures: "schedules",
  count: 10_000,
  candidates,
  quick: { candidates },
  targets: [
    {
      name: "memory per schedule",
      atMost: 500,
      unit: "bytes",
      value: (of) => of(name, "signalbox", "bytesPerSchedule"),
    },
    {
      name: "timers for 10,000 schedules",
      atMost: 1,
      unit: "timers",
      value: (of) => of(name, "signalbox", "timers"),
    },
  ],
};
