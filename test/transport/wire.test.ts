/** What a transport carries: CloudEvents in binary mode, or the event itself. */
import { expect, test } from "vitest";
import { Event } from "../../src/index.js";
import { virtualBus } from "../support/virtual.js";
import { PortedMemory, ShelfStore } from "./transports.js";

class Placed extends Event("shop.placed", {
  version: 2,
  key: (event: { orderId: string }) => event.orderId,
})<{ orderId: string; note?: string }> {}

async function sent(transport: PortedMemory | ShelfStore) {
  const { bus } = virtualBus({ transport, source: "/shop", stamp: () => ({ tenant: "t" }) });
  bus.on(Placed, { name: "a" }, () => new Promise(() => undefined));
  await bus.start();
  await bus.publish(new Placed({ orderId: "o-1", note: "\u{1F600} ü" }), {
    id: "id-1",
    priority: 7,
    headers: { trace: "1" },
  });
  return transport instanceof PortedMemory
    ? transport.sent[0]!
    : ([...transport.shelf("a").out][0]!.envelope as (typeof PortedMemory.prototype.sent)[0]);
}

test("a serialising transport gets CloudEvents headers and a JSON body", async () => {
  const envelope = await sent(new ShelfStore());
  expect(envelope).toMatchObject({ id: "id-1", name: "shop.placed", key: "o-1", priority: 7 });
  expect(new TextDecoder().decode(envelope.body as Uint8Array)).toBe(
    '{"orderId":"o-1","note":"\u{1F600} ü"}',
  );
  expect(envelope.headers).toMatchObject({
    "ce-specversion": "1.0",
    "ce-id": "id-1",
    "ce-source": "/shop",
    "ce-type": "shop.placed",
    "ce-partitionkey": "o-1",
    "ce-signalboxversion": "2",
    "ce-signalboxpriority": "7",
    "content-type": "application/json",
  });
});

test("a transport of this process that does not serialise gets the event itself", async () => {
  const envelope = await sent(new PortedMemory());
  expect(envelope.body).toBeInstanceOf(Placed);
  expect(envelope.headers).toEqual({ tenant: "t", trace: "1" });
});

test("a store that does not serialise gets the event itself, with what its envelope says", async () => {
  const envelope = await sent(new ShelfStore({ serialises: false }));
  expect(envelope.body).toBeInstanceOf(Placed);
  expect(envelope.headers).toMatchObject({ "ce-id": "id-1", "ce-partitionkey": "o-1" });
});

test("nested data, unicode and every header come back as they went", async () => {
  const got: unknown[] = [];
  const { bus, time } = virtualBus({ transport: new ShelfStore() });
  bus.on(Placed, { name: "a" }, (event, delivery) => void got.push(event, delivery.headers, delivery.key));
  await bus.start();
  const event = new Placed({ orderId: "ключ", note: "a\u0000b\r\n\u2028\u{1F469}\u200D\u{1F4BB}" });
  await bus.publish(event, { headers: { "X-Mixed-Case": "Grüße, 世界" } });
  await time.rest();
  expect(got).toEqual([event, { "X-Mixed-Case": "Grüße, 世界" }, "ключ"]);
  expect(got[0]).not.toBe(event);
  expect(Object.isFrozen(got[0])).toBe(true);
});

test("a dead letter of what came from elsewhere keeps the envelope that it came with", async () => {
  const store = new ShelfStore();
  const { bus, time } = virtualBus({ transport: store });
  bus.on(Placed, { name: "a" }, () => Promise.reject(new Error("no")));
  await bus.start();
  const headers = {
    "ce-specversion": "1.0",
    "ce-id": "x",
    "ce-source": "/elsewhere",
    "ce-type": "shop.placed",
    "ce-time": "2020-01-02T03:04:05Z",
    "ce-correlationid": "first",
    "ce-causationid": "before",
    "ce-signalboxhops": "4",
    "content-type": "application/json",
  };
  const facts = { name: "shop.placed", key: undefined, priority: 3, dueAt: undefined, expiresAt: undefined };
  store.put("a", { ...facts, id: "x", headers, body: new TextEncoder().encode('{"orderId":"o"}') });
  await time.rest();
  const [letter] = await bus.deadLetters.list();
  expect(letter?.envelope).toMatchObject({
    id: "x",
    source: "/elsewhere",
    time: Date.UTC(2020, 0, 2, 3, 4, 5),
    correlation: "first",
    cause: "before",
    hops: 4,
  });
});
