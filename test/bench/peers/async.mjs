// A queue with an async worker; the one with priorities keeps a heap, lowest number first.
import { priorityQueue, queue as queueOf } from "async";

export const name = "async.queue";
export const has = ["priorities"];

export function queue({ handler, concurrency, needs }) {
  const worker = async (event) => handler.handle(event);
  if (needs.includes("priorities")) {
    const jobs = priorityQueue(worker, concurrency);
    return (events) => {
      for (const event of events) void jobs.push(event, 7 - event.priority);
      return jobs.drain();
    };
  }
  const jobs = queueOf(worker, concurrency);
  return (events) => {
    for (const event of events) void jobs.push(event);
    return jobs.drain();
  };
}

export function oneSettled({ handler, concurrency }) {
  const jobs = queueOf(async (event) => handler.handle(event), concurrency);
  return async (events) => {
    for (const event of events) await jobs.push(event);
  };
}
