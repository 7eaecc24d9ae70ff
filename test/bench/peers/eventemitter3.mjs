// It calls its listeners and keeps no promise of theirs.
import { EventEmitter } from "eventemitter3";

export const name = "eventemitter3";

export function emit({ handler }) {
  const emitter = new EventEmitter();
  emitter.on("placed", (event) => handler.handle(event));
  return (events) => {
    for (const event of events) emitter.emit("placed", event);
  };
}
