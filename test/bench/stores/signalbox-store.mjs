// Signalbox on a store: a bus that handles, one that only publishes for a subscription that is known already, or a transport
// by itself, which is asked for one event after the other.
import { createBus, Event } from "../../../dist/index.js";

const EVENT = "bench.placed";
const GROUP = "bench.placed";

class Placed extends Event(EVENT) {}
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** `transport` makes one, `unsettled` counts the deliveries that its store has. */
export async function openBus({ transport, unsettled }, work) {
  const bus = createBus({ transport: transport(), events: Placed, logger: silent });
  const lane = { concurrency: work?.concurrency ?? 1, capacity: 500 };
  const subscribe = (to, handle) => to.on(Placed, { name: GROUP, lane }, handle);
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

/** What a claim takes, from the asking to the event, while others wait. */
export async function openClaims(transport) {
  const group = { name: GROUP, events: [EVENT], order: "none", audience: "one", start: "now", inboxMs: 0 };
  let came = () => {};
  let sent = 0;
  await transport.open({ deliver: (item) => came(item), lost() {}, changed() {} });
  await transport.declare(group);

  async function claim() {
    const start = performance.now();
    const item = await new Promise((resolve) => {
      came = resolve;
      transport.credit(GROUP, 1);
    });
    const ms = performance.now() - start;
    await Promise.all([transport.settle(item, { kind: "done" }), fill(1)]);
    return ms;
  }

  async function fill(count) {
    for (let left = count; left > 0; left -= 1_000)
      await transport.send(Array.from({ length: Math.min(left, 1_000) }, () => wire(`claim-${sent++}`)));
  }

  return { claim, fill, close: () => transport.close() };
}

const body = new TextEncoder().encode(JSON.stringify({ orderId: "o-1", total: 1 }));

function wire(id) {
  const headers = { "ce-specversion": "1.0", "ce-id": id, "ce-source": "/bench", "ce-type": EVENT };
  const facts = { id, name: EVENT, key: undefined, priority: 3, dueAt: undefined, expiresAt: undefined };
  return { ...facts, headers: { ...headers, "content-type": "application/json" }, body };
}
