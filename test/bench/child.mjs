// One peer under one workload, in a process of its own. Answers each message of the parent with one measurement.
import process, { argv, cpuUsage, memoryUsage } from "node:process";
import { setImmediate } from "node:timers/promises";

import { peerIn, workloads } from "./catalogue.mjs";

const [peerFile, workloadName] = argv.slice(2);
const peer = await peerIn(peerFile);
const workload = (await workloads()).find(({ name }) => name === workloadName);
const handler = { async handle() {} };
const run = await prepare();
const events = run && Array.from({ length: workload.count }, (_, index) => eventOf(workload.dataOf(index)));
let learnt;

const answers = {
  /** Runs for so many milliseconds of CPU, twice as often each time: the last tells what an event costs. */
  async warm(ms) {
    const start = cpu();
    for (let runs = 1; learnt === undefined || cpu() - start < ms * 1e6; runs *= 2)
      learnt = await timed(runs);
    return {};
  },

  /** No forced collection before it: that also throws away what the engine has learnt, and costs five times the events. */
  async time(ms) {
    const nsPerRun = learnt.nsPerEvent * events.length;
    return timed(Math.max(1, Math.round((ms * 1e6) / nsPerRun)));
  },

  /** The handlers do not end, so that everything waits. */
  async memory() {
    const { promise: gate, resolve: open } = Promise.withResolvers();
    const { handle } = handler;
    handler.handle = () => gate;
    const before = await heap();
    const drained = run(events);
    const bytes = (await heap()) - before;
    open();
    await drained;
    handler.handle = handle;
    return { bytesPerEvent: bytes / events.length };
  },

  /** Last of all, because another handler spoils what the engine has learnt: is every event handled? */
  async check() {
    let handled = 0;
    handler.handle = async () => void handled++;
    await run(events.slice(0, 1_000));
    return { handled };
  },
};

process.on("message", ([question, argument]) => {
  void answers[question](argument).then((answer) => process.send(answer));
});
process.send({ name: peer.name, takesPart: takesPart(), isLimit: peer.isLimit === true });

function cpu() {
  const { user, system } = cpuUsage();
  return (user + system) * 1_000;
}

/** Without the threads that compile and collect garbage; Node 22 cannot tell. */
function mainThread() {
  const { user, system } = process.threadCpuUsage?.() ?? { user: Number.NaN, system: 0 };
  return (user + system) * 1_000;
}

async function timed(runs) {
  const start = cpu();
  const mainStart = mainThread();
  for (let i = 0; i < runs; i++) await run(events);
  const [spent, mainSpent] = [cpu() - start, mainThread() - mainStart];
  const count = runs * events.length;
  return { nsPerEvent: spent / count, mainThreadNsPerEvent: mainSpent / count, ms: spent / 1e6 };
}

async function heap() {
  await setImmediate();
  await setImmediate();
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = memoryUsage();
  return heapUsed + external;
}

function takesPart() {
  return run !== undefined && (workload.peers === undefined || workload.peers.includes(peer.name));
}

async function prepare() {
  const bare = await peer[workload.ability]?.({ ...workload.setup, handler });
  return bare === undefined || peer.isLimit ? bare : workload.around(bare);
}

function eventOf(data) {
  return peer.eventOf?.(data, workload.setup) ?? Object.freeze(data);
}
