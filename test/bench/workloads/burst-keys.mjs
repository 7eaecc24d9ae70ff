// 10,000 keys, all active at once: order is kept per key, and keys take turns.
const name = "100,000 waiting, 10,000 keys";
const keys = Array.from({ length: 10_000 }, (_, index) => `customer-${index}`);

export default {
  name,
  about: "Every event has one of 10,000 keys, all active at once. No peer has keys.",
  ability: "queue",
  count: 100_000,
  needs: ["keys"],
  dataOf: (index) => ({ orderId: `o-${index}`, key: keys[index % keys.length] }),
  peers: ["raw-loop", "signalbox", "signalbox-lean"],
  quick: { peers: ["raw-loop", "signalbox"] },
  targets: [
    {
      name: "all defaults, 10,000 keys, against none",
      atMost: 2,
      value: (of) => of(name, "signalbox") / of("100,000 waiting", "signalbox"),
    },
  ],
};
