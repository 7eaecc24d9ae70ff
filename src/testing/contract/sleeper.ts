/** The runtime of a process that falls silent: its timers and turns stand still until it wakes, if it ever does. */
import type { HostTimer } from "../../runtime/host.js";
import type { Runtime } from "../../runtime/runtime.js";

export class Sleeper {
  readonly runtime: Runtime;
  readonly #held: (() => void)[] = [];
  #isAsleep = false;

  constructor({ host, turn, handOver }: Runtime) {
    const timer = (run: () => void, ms: number): HostTimer => {
      let isCancelled = false;
      const set = host.timer(() => this.#when(() => isCancelled || run()), ms);
      return { cancel: () => ((isCancelled = true), set.cancel()) };
    };
    const macrotask = (run: () => void): void => host.macrotask(() => this.#when(run));
    this.runtime = { host: { ...host, timer, macrotask }, turn, handOver };
  }

  /** As an event loop that is blocked, or a process that was killed and never wakes. */
  sleep(): void {
    this.#isAsleep = true;
  }

  /** What would have run meanwhile runs now. */
  wake(): void {
    this.#isAsleep = false;
    for (const run of this.#held.splice(0)) run();
  }

  #when(run: () => void): void {
    if (this.#isAsleep) this.#held.push(run);
    else run();
  }
}
