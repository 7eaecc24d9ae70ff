// One workload: a process per peer, asked in turn, round by round, so that a change of the machine hits all alike.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import { peerFiles } from "./catalogue.mjs";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));

/** Milliseconds of CPU; after `most` a peer that is very slow gets no further round. */
export const paces = {
  full: { warm: 1_500, round: 200, rounds: 11, most: 15_000 },
  quick: { warm: 500, round: 50, rounds: 3, most: 1_000 },
};

/** The rows of a workload, the fastest first. */
export async function measure(workload, pace) {
  const opened = await Promise.all((await peerFiles()).map((file) => open(file, workload.name)));
  const children = opened.filter((child) => child.takesPart);
  try {
    await (workload.measures === "memory" ? weigh(children) : race(children, pace));
    for (const child of children) await check(child, workload);
  } finally {
    for (const child of opened) child.end();
  }
  return rowsOf(workload.name, children);
}

async function open(file, workload) {
  const child = fork(CHILD, [file, workload], { execArgv: ["--expose-gc"] });
  const answer = () =>
    new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", () => reject(new Error(`${file} ended under the workload "${workload}".`)));
    });
  const ask = (question, argument) => {
    const answered = answer();
    child.send([question, argument]);
    return answered.finally(() => child.removeAllListeners("exit"));
  };
  const hello = await answer();
  child.removeAllListeners("exit");
  return { ...hello, ask, end: () => child.kill(), samples: [], spent: 0 };
}

async function race(children, pace) {
  // All at once: nothing is measured yet, and an engine that has not learnt a path takes five times as long.
  await Promise.all(children.map((child) => child.ask("warm", pace.warm)));
  for (let round = 0; round < pace.rounds; round++) {
    for (const child of children) {
      if (child.spent > pace.most) continue;
      const sample = await child.ask("time", pace.round);
      child.samples.push(sample);
      child.spent += sample.ms;
    }
  }
}

async function weigh(children) {
  for (let round = 0; round < 3; round++) {
    for (const child of children) child.samples.push(await child.ask("memory"));
  }
}

async function check(child, { name, count }) {
  const { handled } = await child.ask("check");
  if (handled === Math.min(count, 1_000)) return;
  throw new Error(
    `${child.name} handled ${handled} events under the workload "${name}": its numbers are void.`,
  );
}

function rowsOf(workload, children) {
  const limit = children.find((child) => child.isLimit);
  const rows = children.map((child) => {
    const nsPerEvent = medianOf(child, "nsPerEvent");
    return {
      workload,
      candidate: child.name,
      nsPerEvent,
      ratioToLimit: limit === undefined ? null : nsPerEvent / medianOf(limit, "nsPerEvent"),
      mainThreadNsPerEvent: medianOf(child, "mainThreadNsPerEvent"),
      bytesPerEvent: medianOf(child, "bytesPerEvent"),
    };
  });
  return rows.toSorted((a, b) => (a.nsPerEvent ?? a.bytesPerEvent) - (b.nsPerEvent ?? b.bytesPerEvent));
}

/** `null` where it was not measured. */
function medianOf({ samples }, unit) {
  const numbers = samples.map((sample) => sample[unit] ?? null).toSorted((a, b) => a - b);
  return numbers[numbers.length >> 1];
}
