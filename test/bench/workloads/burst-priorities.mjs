// Eight priorities, mixed. A sorted array pays for each insertion; p-queue takes seconds here.
const name = "100,000 waiting, eight priorities";

export default {
  name,
  about: "`bus.publish(event, { priority })` with eight priorities, mixed.",
  ability: "queue",
  count: 100_000,
  needs: ["priorities"],
  dataOf: (index) => ({ orderId: `o-${index}`, priority: (index * 5 + (index >> 3)) % 8 }),
  quick: { peers: ["raw-loop", "signalbox", "p-queue"] },
  targets: [
    {
      name: "all defaults, eight priorities, against equal ones",
      atMost: 1.5,
      value: (of) => of(name, "signalbox") / of("100,000 waiting", "signalbox"),
    },
    {
      name: "all defaults, eight priorities, faster than p-queue",
      atLeast: 40,
      value: (of) => of(name, "p-queue") / of(name, "signalbox"),
    },
  ],
};
