// A queue of jobs with retries, progress and a store, here the one in memory; without its pause of 1 ms after each job.
import Queue from "better-queue";

export const name = "better-queue";

export function queue({ handler, concurrency }) {
  const work = async (event, done) => {
    await handler.handle(event);
    done(null);
  };
  const jobs = new Queue(work, { concurrent: concurrency, afterProcessDelay: 0 });
  return (events) => {
    const drained = new Promise((resolve) => jobs.once("drain", resolve));
    for (const event of events) jobs.push(event);
    return drained;
  };
}
