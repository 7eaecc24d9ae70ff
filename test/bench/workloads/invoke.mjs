// Now instead of queued: each call awaited, one async handler.
export default {
  name: "invoke",
  ability: "invoke",
  count: 10_000,
  targets: [
    {
      name: "invoke, all defaults, against the raw loop",
      atMost: 3.8,
      value: (ratio) => ratio("invoke", "signalbox"),
    },
  ],
};
