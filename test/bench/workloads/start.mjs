// A big application boots.
const name = "start, 500 subscribers";

export default {
  name,
  about:
    "`bus.start()` with 500 subscriber classes, each for an event of its own, in a cold process; and together with `createBus`.",
  measures: "start",
  count: 500,
  peers: ["signalbox", "nestjs-cqrs"],
  quick: { peers: ["signalbox"] },
  targets: [
    {
      name: "start() with 500 subscribers",
      atMost: 50,
      unit: "ms",
      value: (of) => of(name, "signalbox", "ms"),
    },
  ],
};
