// An application's test: a subscriber on a test bus, with node:assert-like checks, and a race that the simulator finds.
import { type Delivery, Event, On, Subscriber } from "signalbox";
import { assert, createTestBus, explore } from "signalbox/testing";

class Placed extends Event("shop.placed")<{ orderId: string }> {}
class Sent extends Event("shop.sent")<{ orderId: string }> {}

@Subscriber({ name: "mails", retry: 2 })
class Mails {
  @On(Placed)
  async send({ orderId }: Placed, delivery: Delivery) {
    if (delivery.attempt === 1) throw new Error("busy");
    await delivery.publish(new Sent({ orderId }));
  }
}

const bus = await createTestBus({ subscribers: [Mails], onUnhandled: "ignore" });
await bus.publish(new Placed({ orderId: "o-1" }));
await bus.clock.advance("1m");
assert.retried(bus, Placed, { by: Mails });
assert.published(bus, Sent, { orderId: "o-1" });
await bus.close();

const { violations } = await explore({ runs: 200 }, async (world) => {
  let last = 0;
  const explored = await world.bus({ onUnhandled: "ignore" });
  explored.on(Placed, { name: "a" }, (_, delivery) => delivery.sleep(1).then(() => void (last = 1)));
  explored.on(Placed, { name: "b" }, (_, delivery) => delivery.sleep(1).then(() => void (last = 2)));
  world.invariant("b is last", () => last !== 1 || explored.lanes.size === 0);
  await explored.publish(new Placed({ orderId: "o-1" }));
});
console.log(bus.transcript().split("\n").length, violations.length);
