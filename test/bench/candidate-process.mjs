// The parent's end of a candidate's process: questions, answers, samples.
import { fork } from "node:child_process";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));

export async function open(candidate, { workload, pace, flags }) {
  const told = JSON.stringify({ candidate, workload: workload.name, pace });
  const child = fork(CHILD, [told], { execArgv: flags });
  const answer = () =>
    new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", () =>
        reject(new Error(`${candidate.module} ended under the workload "${workload.name}".`)),
      );
    }).finally(() => child.removeAllListeners());
  const ask = (question, argument) => {
    const answered = answer();
    child.send([question, argument]);
    return answered;
  };
  const { name, takesPart, isLimit } = await answer();
  const opened = { name, takesPart, isLimit, ask, samples: [], spentMs: 0, end: () => void child.kill() };
  opened.takeSample = async (given) => {
    const start = performance.now();
    opened.samples.push(await ask("sample", given));
    opened.spentMs += performance.now() - start;
  };
  return opened;
}
