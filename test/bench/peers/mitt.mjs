// It calls its listeners and keeps no promise of theirs.
import mitt from "mitt";

export const name = "mitt";

export function emit({ handler }) {
  const emitter = mitt();
  emitter.on("placed", (event) => handler.handle(event));
  return (events) => {
    for (const event of events) emitter.emit("placed", event);
  };
}
