// Signalbox on a store: a bus that handles, or one that only publishes for a subscription that is known already.
import { createBus, Event } from "../../../dist/index.js";

class Placed extends Event("bench.placed") {}
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** `transport` makes one, `unsettled` counts the deliveries that its store has. */
export async function openBus({ transport, unsettled }, work) {
  const bus = createBus({ transport: transport(), events: Placed, logger: silent });
  const lane = { concurrency: work?.concurrency ?? 1 };
  const subscribe = (to, handle) => to.on(Placed, { name: "bench.placed", lane }, handle);
  if (work === undefined) await makeKnown();
  else subscribe(bus, (event) => work.handler(event));
  await bus.start();

  async function makeKnown() {
    const first = createBus({ transport: transport(), logger: silent });
    subscribe(first, () => {});
    await first.start();
    await first.close();
  }

  return {
    publish: (data) => bus.publish(new Placed(data)),
    publishAll: (all) => bus.publish(all.map((data) => new Placed(data))),
    unsettled,
    close: () => bus.close(),
  };
}
