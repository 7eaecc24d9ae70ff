// One workload: a process per candidate, asked in turn, round by round, so that a change of the machine hits all alike.
import { candidatesOf, measurementOf } from "./catalogue.mjs";
import { open } from "./candidate-process.mjs";

/** A workload's table: its columns, and its rows with the cheapest first, or in the order of the features. */
export async function measure(workload, pace) {
  const measurement = await measurementOf(workload);
  const candidates = await candidatesOf(workload);
  const openOne = (candidate) => open(candidate, { workload, pace, flags: measurement.flags ?? [] });
  const collect = measurement.isFresh ? collectAfresh : collectWarm;
  const taken = await collect(candidates, openOne, { measurement, workload, pace });
  return { workload, columns: workload.columns ?? measurement.columns, rows: rowsOf(workload, taken) };
}

/** Each candidate keeps its process for all rounds. */
async function collectWarm(candidates, openOne, { measurement, workload, pace }) {
  const opened = await Promise.all(candidates.map(openOne));
  const processes = opened.filter(({ takesPart }) => takesPart);
  try {
    // All at once: nothing is measured yet.
    await Promise.all(processes.map((each) => each.ask("warm", pace)));
    for (let round = 0; round < measurement.rounds(pace); round++)
      for (const each of processes)
        if (each.spentMs < (measurement.most ?? pace.most)) await each.takeSample(pace);
    for (const each of processes) await check(each, workload);
  } finally {
    for (const each of opened) each.end();
  }
  return processes;
}

/** Each round is a process of its own. */
async function collectAfresh(candidates, openOne, { measurement, workload, pace }) {
  const taken = new Map();
  for (let round = 0; round < measurement.rounds(pace); round++) {
    for (const candidate of candidates) {
      const fresh = await openOne(candidate);
      if (fresh.takesPart) taken.set(candidate, await sampled(fresh, taken.get(candidate)));
      else fresh.end();
    }
  }
  return [...taken.values()];

  async function sampled(fresh, earlier = fresh) {
    try {
      await fresh.takeSample(pace);
      await check(fresh, workload);
    } finally {
      fresh.end();
    }
    if (earlier !== fresh) earlier.samples.push(...fresh.samples);
    return earlier;
  }
}

async function check(child, workload) {
  const { handled, expected } = await child.ask("check");
  if (handled === expected) return;
  throw new Error(
    `${child.name} handled ${handled} events of ${expected} under the workload "${workload.name}": its numbers are void.`,
  );
}

function rowsOf(workload, taken) {
  const limit = taken.find(({ isLimit }) => isLimit);
  const limitNs = limit && mediansOf(limit).nsPerEvent;
  const rows = taken.map((each) => {
    const { nsPerEvent = null, ...units } = mediansOf(each);
    const ratioToLimit = nsPerEvent === null || limitNs === undefined ? null : nsPerEvent / limitNs;
    return { workload: workload.name, candidate: each.name, nsPerEvent, ratioToLimit, ...units };
  });
  if (workload.base !== undefined) return aboveBase(rows, workload.base);
  const cost = (row) => Object.values(row).find((value) => typeof value === "number");
  return rows.toSorted((a, b) => cost(a) - cost(b));
}

/** In their order, from the base on with what each adds to it; before it stands the limit. */
function aboveBase(rows, base) {
  const at = rows.findIndex(({ candidate }) => candidate === base);
  const { nsPerEvent } = rows[at];
  return rows.map((row, index) => (index < at ? row : { ...row, nsAdded: row.nsPerEvent - nsPerEvent }));
}

function mediansOf({ samples }) {
  const medianOf = (unit) => {
    const numbers = samples.map((sample) => sample[unit]).toSorted((a, b) => a - b);
    return numbers[numbers.length >> 1];
  };
  return Object.fromEntries(Object.keys(samples[0]).map((unit) => [unit, medianOf(unit)]));
}
