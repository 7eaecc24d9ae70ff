// A queue without bounds and a fiber per slot that takes from it until it has ended.
import { Effect, Queue } from "effect";

export const name = "effect";

export function queue({ handler, concurrency }) {
  const slotOf = (jobs) =>
    Queue.take(jobs).pipe(
      Effect.flatMap((event) => Effect.promise(() => handler.handle(event))),
      Effect.forever,
      Effect.catchCause(() => Effect.void), // the end of the queue
    );
  return (events) => {
    const jobs = Effect.runSync(Queue.unbounded());
    const slots = Effect.all(
      Array.from({ length: concurrency }, () => slotOf(jobs)),
      { concurrency: "unbounded", discard: true },
    );
    const ended = Effect.runPromise(slots);
    for (const event of events) Queue.offerUnsafe(jobs, event);
    Queue.endUnsafe(jobs);
    return ended;
  };
}
