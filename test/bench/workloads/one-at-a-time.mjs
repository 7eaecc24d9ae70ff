// Nothing waits: the next event is published when the one before is handled, or settled.
const handled = "one at a time, until handled";

export default [
  {
    name: handled,
    about: "The next is published when the handler of the one before has been called.",
    ability: "oneAtATime",
    count: 10_000,
    quick: { peers: ["raw-loop", "signalbox"] },
    targets: [
      {
        name: "all defaults, one at a time, against the raw loop",
        atMost: 15,
        value: (of) => of(handled, "signalbox", "ratioToLimit"),
      },
    ],
  },
  {
    name: "one at a time, until settled",
    about:
      "`await (await bus.publish(event)).settled()` for each; elsewhere the promise of the job is awaited.",
    ability: "oneSettled",
    count: 10_000,
  },
];
