// Signalbox with one feature, each as a peer of its own.
import { AsyncLocalStorage } from "node:async_hooks";

import { z } from "zod";

import { createBus, Event, Subscriber } from "../../dist/index.js";
import { container, tsyringe } from "../../dist/tsyringe/index.js";
import { features } from "./features.mjs";

const libraries = { AsyncLocalStorage, container, Event, tsyringe, z };

export const variants = Object.fromEntries(features.map((feature) => [feature.name, peerWith(feature)]));

function peerWith(feature) {
  const { types = 1, subscribers = 1, isMadeInside = false } = feature;
  const classes = Array.from({ length: types }, (_, index) => eventClass(feature, index));
  const typeOf = ({ total }) => classes[total % types];

  async function queue({ handler, concurrency }) {
    const options = typeof feature.bus === "function" ? feature.bus(libraries) : feature.bus;
    const lane = { concurrency, capacity: 2_000_000, ...feature.lane };
    const scoped = feature.scope === undefined ? [] : [subscriberClass(classes[0], feature.scope, handler)];
    const bus = createBus({ ...options, subscribers: scoped, defaults: { lane } });
    const handle = feature.call?.(handler) ?? ((event) => handler.handle(event));
    if (scoped.length === 0)
      for (const type of classes)
        for (let i = 0; i < subscribers; i++) bus.on(type, { ...feature.subscription }, handle);
    feature.watch?.(bus);
    const run = feature.run?.(bus, libraries) ?? publishing(bus);
    await bus.start();
    return run;
  }

  function publishing(bus) {
    const { publish } = feature;
    if (publish !== undefined) {
      return (events) => {
        for (const event of events) void bus.publish(event, publish(event));
        return bus.idle();
      };
    }
    if (isMadeInside) {
      return (events) => {
        for (const data of events) void bus.publish(new (typeOf(data))(data));
        return bus.idle();
      };
    }
    return (events) => {
      for (const event of events) void bus.publish(event);
      return bus.idle();
    };
  }

  const eventOf = (data) => (isMadeInside ? data : new (typeOf(data))(data));
  return { name: feature.name, eventOf, handledPerEvent: subscribers, queue };
}

function eventClass({ schema, event = {} }, index) {
  const name = `bench.placed.n${index}`;
  const parent = schema === undefined ? Event(name, event) : Event(name, schema(libraries), event);
  return class Placed extends parent {};
}

function subscriberClass(type, scope, handler) {
  class Mails {
    static on = type;
    handle(event) {
      return handler.handle(event);
    }
  }
  Subscriber({ scope })(Mails);
  return Mails;
}
