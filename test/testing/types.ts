/** What a test writes, checked by tsc in both dialects: tsconfig.json, and tsconfig.tc39.json through types.tc39.ts. */
import {
  Bus,
  type BusOptions,
  createBus,
  type Delivery,
  Event,
  On,
  type Outcome,
  Subscriber,
  type Transport,
} from "signalbox";
import {
  assert,
  createTestBus,
  deliveryOf,
  type Expected,
  fakeTransport,
  provide,
  type Recorded,
  survivesJson,
  type TestBus,
} from "signalbox/testing";
import "signalbox/testing/vitest";
import * as v from "valibot";
import { expect } from "vitest";
import { z } from "zod";

import { same } from "../bus/typed-events.js";

class OrderPlaced extends Event(
  "shop.order.placed",
  z.object({ orderId: z.string(), total: z.number(), at: z.coerce.date().default(new Date(0)) }),
) {
  get large(): boolean {
    return this.total > 1_000;
  }
}
class OrderShipped extends Event("shop.order.shipped")<{ orderId: string; items?: { sku: string }[] }> {}
class Dated extends Event("shop.dated")<{ at: Date }> {}
class Mailer {
  readonly #host = "mx";
  async send(to: string): Promise<void> {
    void [to, this.#host];
  }
}

@Subscriber({ inject: [Mailer] })
class OrderMails {
  constructor(private readonly mailer: Mailer) {}
  @On(OrderPlaced)
  async sendReceipt(order: OrderPlaced, delivery: Delivery<OrderPlaced>) {
    await this.mailer.send(order.orderId);
    await delivery.publish(new OrderShipped({ orderId: order.orderId }));
  }
}

function busOptions() {
  return {
    subscribers: [OrderMails],
    lanes: { mail: { concurrency: 2 } },
    onUnhandled: "error",
  } satisfies BusOptions;
}

export async function production(): Promise<Bus> {
  const bus = createBus(busOptions());
  await bus.start();
  return bus;
}

// ── The bus, its modes and its clock ──────────────────────────────────────────────────────────────────────────────
export async function modes(): Promise<void> {
  const sent: string[] = [];
  await using bus = await createTestBus({
    ...busOptions(),
    provide: [provide(Mailer, { send: async (to) => void sent.push(to) })],
    only: [OrderMails],
    mode: "manual",
    seed: 1,
    start: true,
    json: true,
  });
  same<typeof bus, TestBus>(true);
  const asBus: Bus = bus;
  await asBus.publish(new OrderPlaced({ orderId: "o-1", total: 12 }));
  same<boolean, Awaited<ReturnType<typeof bus.step>>>(true);
  await bus.clock.advance("10m");
  await bus.clock.advance(250);
  await bus.clock.next();
  await bus.clock.runAll();
  same<ReturnType<typeof bus.clock.now>, Date>(true);
  // @ts-expect-error not a duration
  await bus.clock.advance("10min");
  // @ts-expect-error not a mode
  await createTestBus({ mode: "fast" });
  // @ts-expect-error misspelt
  await createTestBus({ subscriber: [OrderMails] });
  const transport: Transport = fakeTransport({ seed: 1, faults: [{ on: "send", does: "reject" }] });
  await createTestBus({ transport });
}

// ── The lists ─────────────────────────────────────────────────────────────────────────────────────────────────────
export function lists(bus: TestBus): void {
  same<ReturnType<typeof bus.published<typeof OrderPlaced>>, OrderPlaced[]>(true);
  const [first] = bus.published([OrderPlaced, OrderShipped]);
  const either: OrderPlaced | OrderShipped | undefined = first;
  const handled: Recorded<OrderPlaced>[] = bus.handled(OrderPlaced, OrderMails);
  const outcome: Outcome | undefined = handled[0]?.outcome;
  void [either, outcome, handled[0]?.event.large, bus.failed(OrderPlaced), bus.retried([OrderShipped])];
  void [bus.deadLettered(OrderPlaced), bus.dropped(OrderPlaced, OrderMails), bus.unhandled(OrderShipped)];
  const text: string = bus.transcript();
  void text;
  // @ts-expect-error not an event class
  bus.published("shop.order.placed");
  // @ts-expect-error only subscribers have subscriptions
  bus.handled(OrderPlaced, "OrderMails");
}

// ── What is expected ──────────────────────────────────────────────────────────────────────────────────────────────
export function expectations(bus: TestBus): void {
  const part: Expected<OrderShipped> = { items: [{ sku: "a" }] };
  expect(bus).toHavePublished(OrderShipped, part);
  expect(bus).toHavePublished(OrderPlaced, { orderId: expect.any(String), at: expect.any(Date) });
  expect(bus).toHavePublished(OrderPlaced, expect.objectContaining({ total: 1 }));
  expect(bus).toHavePublished(OrderPlaced, z.object({ total: z.number().min(3) }));
  expect(bus).toHavePublished(OrderPlaced, v.object({ orderId: v.string() }));
  expect(bus).toHavePublishedTimes(OrderPlaced, 2);
  expect(bus).toHavePublishedInOrder([OrderPlaced, OrderShipped]);
  expect(bus).toHaveHandled(OrderPlaced, { by: OrderMails, data: { orderId: "o-1", at: expect.any(Date) } });
  expect(bus).toHaveRetried(OrderPlaced, { by: OrderMails, times: 1 });
  expect(bus).toHaveDeadLettered(OrderPlaced, { by: OrderMails, reason: /fail/ });
  expect(bus).not.toBeIdle();
  expect(bus).toMatchTranscript("an order");
  assert.published(bus, OrderPlaced, { total: 5_000 });
  assert.not.published(bus, OrderPlaced, { total: expect.anything() });
  assert.deadLettered(bus, OrderPlaced, { reason: "failed" });
  assert.handled(bus, OrderPlaced, { data: { total: 1 } });
  assert.idle(bus);
  // @ts-expect-error misspelt field
  expect(bus).toHavePublished(OrderPlaced, { ordreId: "o-1" });
  // @ts-expect-error wrong type
  assert.published(bus, OrderPlaced, { total: "12" });
  // @ts-expect-error misspelt fact
  expect(bus).toHaveDeadLettered(OrderPlaced, { why: "failed" });
  // @ts-expect-error of another event
  expect(bus).toHaveHandled(OrderShipped, { data: { total: 1 } });
}

// ── Without a bus ─────────────────────────────────────────────────────────────────────────────────────────────────
export async function byHand(): Promise<void> {
  const delivery = deliveryOf(new OrderPlaced({ orderId: "o-1", total: 1 }), { attempt: 2, key: "k" });
  const asDelivery: Delivery<OrderPlaced> = delivery;
  await new OrderMails(new Mailer()).sendReceipt(asDelivery.event, delivery);
  void delivery.published[0];
  provide("db", { query() {} });
  // @ts-expect-error not what a Mailer's send is
  provide(Mailer, { send: () => 3 });
  // @ts-expect-error a Mailer has no such member
  provide(Mailer, { post: () => 3 });
  survivesJson(OrderPlaced, delivery.event);
  survivesJson(OrderShipped, new OrderShipped({ orderId: "o" }));
  // @ts-expect-error JSON gives { at: string } but the event takes { at: Date }
  survivesJson(Dated, new Dated({ at: new Date() }));
}
