// Eight priorities, mixed. A sorted array pays for each insertion; p-queue takes seconds here.
const name = "100,000 waiting, eight priorities";

export default {
  name,
  ability: "queue",
  count: 100_000,
  setup: { priorities: true },
  dataOf: (index) => ({ orderId: `o-${index}`, priority: (index * 5 + (index >> 3)) % 8 }),
  targets: [
    {
      name: "all defaults, eight priorities against equal ones",
      atMost: 1.5,
      value: (ratio) => ratio(name, "signalbox") / ratio("100,000 waiting", "signalbox"),
    },
    {
      name: "all defaults, eight priorities, against p-queue",
      atLeast: 40,
      value: (ratio) => ratio(name, "p-queue") / ratio(name, "signalbox"),
    },
  ],
};
