// Its EventBus, which starts every handler at once, and its CommandBus. Decorators are called by hand: this is JavaScript.
import "reflect-metadata";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { CommandBus, CommandHandler, CqrsModule, EventBus, EventsHandler } from "@nestjs/cqrs";

export const name = "@nestjs/cqrs";
export const has = ["types"];

const classes = [];

/** The first so many event classes. */
function placed(types) {
  while (classes.length < types) {
    classes.push(
      class Placed {
        constructor(data) {
          Object.assign(this, data);
        }
      },
    );
  }
  return classes.slice(0, types);
}

export const eventOf = (data, { types }) => new (placed(types)[data.type ?? 0])(data);

function moduleOf(providers) {
  class Bench {}
  Module({ imports: [CqrsModule.forRoot()], providers })(Bench);
  return Bench;
}

async function open(providers) {
  const application = await NestFactory.createApplicationContext(moduleOf(providers), { logger: false });
  await application.init();
  return application;
}

function eventsHandlerOf(type, handle) {
  class Handles {
    handle(event) {
      return handle(event);
    }
  }
  EventsHandler(type)(Handles);
  return Handles;
}

/** It does not tell when all is handled, so the handlers count. */
export async function queue({ handler, types }) {
  let left;
  let isDone;
  const handle = (event) => {
    const result = handler.handle(event);
    if (--left === 0) isDone();
    return result;
  };
  const application = await open(placed(types).map((type) => eventsHandlerOf(type, handle)));
  const bus = application.get(EventBus);
  return (events) => {
    left = events.length;
    const done = new Promise((resolve) => (isDone = resolve));
    for (const event of events) bus.publish(event);
    return done;
  };
}

export async function oneAtATime({ handler }) {
  let isHandled;
  const handle = (event) => {
    const result = handler.handle(event);
    isHandled();
    return result;
  };
  const application = await open([eventsHandlerOf(placed(1)[0], handle)]);
  const bus = application.get(EventBus);
  return async (events) => {
    for (const event of events) {
      const handled = new Promise((resolve) => (isHandled = resolve));
      bus.publish(event);
      await handled;
    }
  };
}

export async function invoke({ handler }) {
  class Executes {
    execute(event) {
      return handler.handle(event);
    }
  }
  CommandHandler(placed(1)[0])(Executes);
  const application = await open([Executes]);
  const bus = application.get(CommandBus);
  return async (events) => {
    for (const event of events) await bus.execute(event);
  };
}

export function starting({ count, handler }) {
  const providers = placed(count).map((type) => eventsHandlerOf(type, (event) => handler.handle(event)));
  let application;
  const start = async () => {
    application = await open(providers);
  };
  const publishAll = async () => {
    const bus = application.get(EventBus);
    for (const type of placed(count)) bus.publish(new type());
    await application.close();
  };
  return { start, publishAll };
}
