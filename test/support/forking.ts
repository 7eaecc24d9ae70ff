/** Processes of a test: each writes what it does into a log of its own, and is killed at the end, if not before. */
import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";

export interface Started {
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly lines: () => string[];
}

/** Starts a program with its orders as the argument; it is there when it has sent its first message. */
export function forking(program: string, home: string, orders: (role: string, count: number) => object) {
  let count = 0;
  const started = async (role: string): Promise<Started> => {
    const log = path.join(home, `${count++}.log`);
    const given = JSON.stringify({ ...orders(role, count), log, role });
    const child = fork(program, [given], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise((resolve) => child.once("message", resolve));
    return { child, lines: () => readFileSync(log, "utf8").split("\n").slice(0, -1) };
  };
  const kill = (child: ChildProcess): Promise<unknown> => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    return gone;
  };
  return { started, kill };
}
