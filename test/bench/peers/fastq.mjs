// Its promise API: the callback API has no async handlers.
import fastq from "fastq";

export const name = "fastq.promise";

export function queue({ handler, concurrency }) {
  const jobs = fastq.promise((event) => handler.handle(event), concurrency);
  return (events) => {
    for (const event of events) void jobs.push(event);
    return jobs.drained();
  };
}

export function oneSettled({ handler, concurrency }) {
  const jobs = fastq.promise((event) => handler.handle(event), concurrency);
  return async (events) => {
    for (const event of events) await jobs.push(event);
  };
}
