// Its emit is a promise that the listeners have ended.
import Emittery from "emittery";

export const name = "emittery";

export function invoke({ handler }) {
  const emitter = new Emittery();
  emitter.on("placed", ({ data }) => handler.handle(data));
  return async (events) => {
    for (const event of events) await emitter.emit("placed", event);
  };
}

export { invoke as emit };
