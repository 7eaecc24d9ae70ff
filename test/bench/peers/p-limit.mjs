// A limit, not a queue: whoever wants to know the end keeps the promises.
import pLimit from "p-limit";

export const name = "p-limit";

export function queue({ handler, concurrency }) {
  const limit = pLimit(concurrency);
  return (events) => Promise.all(events.map((event) => limit(() => handler.handle(event))));
}

export function oneSettled({ handler, concurrency }) {
  const limit = pLimit(concurrency);
  return async (events) => {
    for (const event of events) await limit(() => handler.handle(event));
  };
}
