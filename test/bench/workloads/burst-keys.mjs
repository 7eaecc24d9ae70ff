// 10,000 keys, all active at once: order is kept per key, and keys take turns.
const name = "100,000 waiting, 10,000 keys";
const keys = Array.from({ length: 10_000 }, (_, index) => `customer-${index}`);

export default {
  name,
  ability: "queue",
  count: 100_000,
  setup: { keys: true },
  dataOf: (index) => ({ orderId: `o-${index}`, key: keys[index % keys.length] }),
  targets: [
    {
      name: "all defaults, 10,000 keys against none",
      atMost: 2,
      value: (ratio) => ratio(name, "signalbox") / ratio("100,000 waiting", "signalbox"),
    },
  ],
};
