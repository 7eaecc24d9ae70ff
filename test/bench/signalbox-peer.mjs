// Signalbox as a peer, with whatever options a variant gives to createBus.
import { createBus, Event } from "../../dist/index.js";

class Keyed extends Event("bench.keyed", { key: (event) => event.key }) {}
const classes = [];

/** The first so many event classes. */
function placed(types) {
  while (classes.length < types)
    classes.push(class Placed extends Event(`bench.placed.n${classes.length}`) {});
  return classes.slice(0, types);
}

const typesOf = ({ needs, types }) => (needs.includes("keys") ? [Keyed] : placed(types));

export function eventOf(data, setup) {
  return new (typesOf(setup)[data.type ?? 0])(data);
}

/** What a peer exports, for one set of options. */
export function signalboxPeer(options) {
  async function open(setup, handler) {
    const lane = { concurrency: setup.concurrency, capacity: 2_000_000 };
    const bus = createBus({ ...options, defaults: { lane } });
    for (const type of typesOf(setup)) bus.on(type, handler);
    await bus.start();
    return bus;
  }

  async function queue(setup) {
    const { handler, needs } = setup;
    const bus = await open(setup, (event) => handler.handle(event));
    if (needs.includes("priorities")) {
      return (events) => {
        for (const event of events) void bus.publish(event, { priority: event.priority });
        return bus.idle();
      };
    }
    return (events) => {
      for (const event of events) void bus.publish(event);
      return bus.idle();
    };
  }

  async function invoke(setup) {
    const { handler } = setup;
    const bus = await open(setup, (event) => handler.handle(event));
    return async (events) => {
      for (const event of events) await bus.invoke(event);
    };
  }

  async function oneAtATime(setup) {
    const { handler } = setup;
    let isHandled;
    const bus = await open(setup, (event) => {
      const result = handler.handle(event);
      isHandled();
      return result;
    });
    return async (events) => {
      for (const event of events) {
        const handled = new Promise((resolve) => (isHandled = resolve));
        void bus.publish(event);
        await handled;
      }
      await bus.idle();
    };
  }

  async function oneSettled(setup) {
    const { handler } = setup;
    const bus = await open(setup, (event) => handler.handle(event));
    return async (events) => {
      for (const event of events) {
        const receipt = await bus.publish(event);
        await receipt.settled();
      }
    };
  }

  /** It has no emit: this is the nearest to it. */
  const emit = invoke;

  function starting({ count, handler }) {
    const subscribers = placed(count).map((type, index) => subscriberTo(type, `Subscriber${index}`, handler));
    let bus;
    const create = () => void (bus = createBus({ ...options, subscribers }));
    const start = () => bus.start();
    const publishAll = async () => {
      for (const type of placed(count)) void bus.publish(new type());
      await bus.idle();
      await bus.close();
    };
    return { create, start, publishAll };
  }

  const has = ["keys", "priorities", "types"];
  return { has, eventOf, queue, invoke, oneAtATime, oneSettled, emit, starting };
}

function subscriberTo(type, name, handler) {
  return class {
    static name = name;
    static on = type;
    handle(event) {
      return handler.handle(event);
    }
  };
}
