// Now instead of queued: each call awaited, one async handler.
export default {
  name: "invoke",
  about:
    "`await bus.invoke(event)`, one after the other; elsewhere whatever is called now and promises that its handler has ended.",
  ability: "invoke",
  count: 10_000,
  quick: { peers: ["raw-loop", "signalbox", "nestjs-cqrs"] },
  targets: [
    {
      name: "invoke, all defaults, against the raw loop",
      atMost: 3.8,
      value: (of) => of("invoke", "signalbox", "ratioToLimit"),
    },
    {
      name: "invoke, all defaults, faster than @nestjs/cqrs execute",
      atLeast: 1,
      value: (of) => of("invoke", "@nestjs/cqrs") / of("invoke", "signalbox"),
    },
  ],
};
