// One job per event, as its documentation shows it.
import PQueue from "p-queue";

export const name = "p-queue";
export const has = ["priorities"];

export function queue({ handler, concurrency, needs }) {
  const jobs = new PQueue({ concurrency });
  if (needs.includes("priorities")) {
    return (events) => {
      for (const event of events) void jobs.add(() => handler.handle(event), { priority: event.priority });
      return jobs.onIdle();
    };
  }
  return (events) => {
    for (const event of events) void jobs.add(() => handler.handle(event));
    return jobs.onIdle();
  };
}

export function oneSettled({ handler, concurrency }) {
  const jobs = new PQueue({ concurrency });
  return async (events) => {
    for (const event of events) await jobs.add(() => handler.handle(event));
  };
}
