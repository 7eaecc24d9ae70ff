// The limit: nothing but the handler, awaited. Its process must never import anything with async context.
export const name = "raw loop";
export const isLimit = true;
export const has = ["keys", "priorities", "types"];

export function queue({ handler }) {
  return async (events) => {
    for (const event of events) await handler.handle(event);
  };
}

export { queue as invoke, queue as oneAtATime, queue as oneSettled };

export function emit({ handler }) {
  return (events) => {
    for (const event of events) handler.handle(event);
  };
}
