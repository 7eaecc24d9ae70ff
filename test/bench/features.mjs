// What can be asked of a delivery: each is one bus that has this and nothing else. Data only; the peer is made of it in
// feature-peer.mjs, which alone imports Signalbox.
export const BASE = "as it comes";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * `bus`, `lane`, `event`, `subscription` are options, or functions that get the libraries and answer them. `publish` gives
 * the options of each publish, `run` another way to publish, `call` another handler, `watch` somebody who looks on.
 */
export const features = [
  { name: BASE, how: "`bus.publish(event)`" },
  { name: "without context", how: "`createBus({ context: false })`", bus: { context: false } },

  {
    name: "all as one array",
    how: "`bus.publish(events)`",
    run: (bus) => (events) => {
      void bus.publish(events);
      return bus.idle();
    },
  },
  {
    name: "each publish awaited",
    how: "`await bus.publish(event)`",
    run: (bus) => async (events) => {
      for (const event of events) await bus.publish(event);
      await bus.idle();
    },
  },
  {
    name: "each receipt settled",
    how: "`receipt.settled()`",
    run: (bus) => (events) =>
      Promise.all(events.map((event) => bus.publish(event).then((receipt) => receipt.settled()))),
  },
  {
    name: "inside a transaction",
    how: "`bus.transaction(…)`",
    run: (bus) => async (events) => {
      await bus.transaction(async (tx) => {
        for (const event of events) void tx.publish(event);
      });
      await bus.idle();
    },
  },
  {
    name: "a context of the caller",
    how: "`storage.run(request, …)`",
    run: (bus, { AsyncLocalStorage }) => {
      const storage = new AsyncLocalStorage();
      return (events) =>
        storage.run({ request: 1 }, () => {
          for (const event of events) void bus.publish(event);
          return bus.idle();
        });
    },
  },
  {
    name: "from inside a delivery",
    how: "`delivery.publish(event)`",
    run(bus, { Event }) {
      class Batch extends Event("bench.batch") {}
      bus.on(Batch, ({ events }, delivery) => {
        for (const event of events) void delivery.publish(event);
      });
      return (events) => {
        void bus.publish(new Batch({ events }));
        return bus.idle();
      };
    },
  },
  { name: "headers", how: "`{ headers: { tenant } }`", publish: () => ({ headers: { tenant: "acme" } }) },
  { name: "an id", how: "`{ id }`", publish: ({ orderId }) => ({ id: orderId }) },
  { name: "a priority", how: "`{ priority }`", publish: ({ total }) => ({ priority: total % 8 }) },

  { name: "the event made", how: "`new OrderPlaced(data)`", isMadeInside: true },
  {
    name: "the event made, with a schema",
    how: "`Event(name, schema)`, zod",
    isMadeInside: true,
    schema: ({ z }) => z.object({ orderId: z.string(), total: z.number(), customer: z.string() }),
  },
  { name: "frozen to its depths", how: '`isolate: "freeze"`', bus: { isolate: "freeze" } },

  { name: "a second subscriber", how: "`bus.on(…)` twice", subscribers: 2 },
  { name: "ten events, ten lanes", how: "`bus.on(…)` for each", types: 10 },
  { name: "a hundred keys", how: "`Event(name, { key })`", event: { key: ({ customer }) => customer } },
  { name: "a filter", how: "`when`", subscription: { when: () => true } },
  {
    name: "each event once",
    how: '`dedupe: { by: "id", … }`',
    subscription: { dedupe: { by: "id", window: "1m" } },
  },
  {
    name: "a rate limit",
    how: "`rate: { limit, interval }`",
    lane: { rate: { limit: 1_000_000_000, interval: "1s" } },
  },
  { name: "a breaker", how: "`breaker: { … }`", lane: { breaker: { failures: 5, pause: "1s" } } },

  { name: "retries, none needed", how: "`retry: 5`", subscription: { retry: 5 } },
  { name: "a timeout", how: '`timeout: "10s"`', subscription: { timeout: "10s" } },
  { name: "a step", how: "`steps: [step]`", subscription: { steps: [async (_, next) => next()] } },
  {
    name: "a failure, kept as a dead letter",
    how: "the handler throws",
    bus: { logger: silent },
    call: (handler) => async (event) => {
      await handler.handle(event);
      throw new Error("as asked");
    },
  },

  {
    name: "a subscriber from tsyringe",
    how: "`container: tsyringe(container)`",
    bus: ({ tsyringe, container }) => ({ container: tsyringe(container.createChildContainer()) }),
    scope: "bus",
  },
  { name: "a scope per delivery", how: '`scope: "delivery"`', scope: "delivery" },
  {
    name: "a scope per delivery, tsyringe",
    how: "the same, with `tsyringe(…)`",
    bus: ({ tsyringe, container }) => ({ container: tsyringe(container.createChildContainer()) }),
    scope: "delivery",
  },

  {
    name: "a listener",
    how: '`bus.notices.on("delivery.done", …)`',
    watch: (bus) => bus.notices.on("delivery.done", () => {}),
  },
  { name: "a tap", how: '`bus.tap("bench.**", …)`', watch: (bus) => bus.tap("bench.**", () => {}) },
  { name: "the journal", how: "`journal: true`", bus: { journal: true } },
];
