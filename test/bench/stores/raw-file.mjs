// The limit: a file that grows. What comes within a turn of the event loop is one write and one fdatasync.
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import path from "node:path";

export const name = "raw file";
export const isLimit = true;

/** Nothing is taken from it and nothing settled: the handler is called when the disk has the event. */
export async function open({ folder }, work) {
  const file = openSync(path.join(folder, "raw.log"), "a");
  let waiting = [];
  let written = 0;

  function flush() {
    const batch = waiting;
    waiting = [];
    writeSync(file, batch.map(({ data }) => `${JSON.stringify(data)}\n`).join(""));
    fdatasyncSync(file);
    for (const { data, resolve } of batch) {
      written++;
      void work?.handler(data);
      resolve();
    }
  }

  function publish(data) {
    return new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ data, resolve });
    });
  }

  return {
    publish,
    publishAll: (all) => Promise.all(all.map(publish)),
    unsettled: () => (work === undefined ? written : 0),
    close: () => closeSync(file),
  };
}
