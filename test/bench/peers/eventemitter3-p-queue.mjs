// What people build by hand: an emitter that routes, and a p-queue behind each listener.
import { EventEmitter } from "eventemitter3";
import PQueue from "p-queue";

export const name = "eventemitter3 + p-queue";
export const has = ["types"];

const nameOf = (type = 0) => `placed.${type}`;

export function queue({ handler, concurrency, types }) {
  const emitter = new EventEmitter();
  const lanes = Array.from({ length: types }, () => new PQueue({ concurrency }));
  lanes.forEach((jobs, type) =>
    emitter.on(nameOf(type), (event) => void jobs.add(() => handler.handle(event))),
  );
  return async (events) => {
    for (const event of events) emitter.emit(nameOf(event.type), event);
    for (const jobs of lanes) await jobs.onIdle();
  };
}
