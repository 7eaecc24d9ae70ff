// CPU time in nanoseconds.
import process, { cpuUsage } from "node:process";

export function cpu() {
  const { user, system } = cpuUsage();
  return (user + system) * 1_000;
}

/** Without the threads that compile and collect garbage; `undefined` on Node 22, which cannot tell. */
export function mainThreadCpu() {
  const usage = process.threadCpuUsage?.();
  return usage && (usage.user + usage.system) * 1_000;
}
