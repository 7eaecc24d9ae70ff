// A hook is called with a promise that all who hooked on have ended.
import { Hookable } from "hookable";

export const name = "hookable";

export function invoke({ handler }) {
  const hooks = new Hookable();
  hooks.hook("placed", (event) => handler.handle(event));
  return async (events) => {
    for (const event of events) await hooks.callHook("placed", event);
  };
}

export { invoke as emit };
