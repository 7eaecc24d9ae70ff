// Signalbox as a peer, with whatever options a variant gives to createBus.
import { createBus, Event } from "../../dist/index.js";

class Placed extends Event("bench.placed") {}
class Keyed extends Event("bench.keyed", { key: (event) => event.key }) {}

export const eventOf = (data, { keys }) => (keys ? new Keyed(data) : new Placed(data));

/** What a peer exports, for one set of options. */
export function signalboxPeer(options) {
  async function open({ concurrency = 10, keys }, handler) {
    const bus = createBus({ ...options, defaults: { lane: { concurrency, capacity: 2_000_000 } } });
    bus.on(keys ? Keyed : Placed, handler);
    await bus.start();
    return bus;
  }

  async function queue(setup) {
    const { handler } = setup;
    const bus = await open(setup, (event) => handler.handle(event));
    if (setup.priorities) {
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

  return { eventOf, queue, invoke, oneAtATime, oneSettled };
}
