// eventemitter2 with listeners that Nest finds. Decorators are called by hand: this is JavaScript.
import "reflect-metadata";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { EventEmitter2, EventEmitterModule, OnEvent } from "@nestjs/event-emitter";

export const name = "@nestjs/event-emitter";

async function open({ handler }) {
  class Listens {
    onPlaced(event) {
      return handler.handle(event);
    }
  }
  OnEvent("placed")(
    Listens.prototype,
    "onPlaced",
    Object.getOwnPropertyDescriptor(Listens.prototype, "onPlaced"),
  );
  class Bench {}
  Module({ imports: [EventEmitterModule.forRoot()], providers: [Listens] })(Bench);
  const application = await NestFactory.createApplicationContext(Bench, { logger: false });
  await application.init();
  return application.get(EventEmitter2);
}

export async function invoke(setup) {
  const emitter = await open(setup);
  return async (events) => {
    for (const event of events) await emitter.emitAsync("placed", event);
  };
}

/** Its listeners are wrapped in an async function, so each emit leaves a promise behind. */
export async function emit(setup) {
  const emitter = await open(setup);
  return (events) => {
    for (const event of events) emitter.emit("placed", event);
  };
}
