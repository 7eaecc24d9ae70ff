// A hundred event types, each with its handler: who finds the right one at once, and who asks them all?
const name = "1,000 waiting, 100 event types";

export default {
  name,
  about: "The same with 100 event classes in turn, each with a subscription and a lane of its own.",
  ability: "queue",
  count: 1_000,
  types: 100,
  needs: ["types"],
  dataOf: (index) => ({ orderId: `o-${index}`, type: index % 100 }),
  quick: { peers: ["raw-loop", "signalbox", "nestjs-cqrs"] },
  targets: [
    {
      name: "all defaults, 100 event types, faster than @nestjs/cqrs EventBus",
      atLeast: 30,
      value: (of) => of(name, "@nestjs/cqrs") / of(name, "signalbox"),
    },
  ],
};
