// What Node brings along.
import { EventEmitter } from "node:events";

export const name = "node:events";

export function emit({ handler }) {
  const emitter = new EventEmitter();
  emitter.on("placed", (event) => handler.handle(event));
  return (events) => {
    for (const event of events) emitter.emit("placed", event);
  };
}
