/** The timers of a fake transport, on whatever host its bus runs on. */
import type { Host, HostTimer } from "../../runtime/host.js";

export class Alarms {
  host: Host;
  readonly #set = new Set<HostTimer>();

  constructor(host: Host) {
    this.host = host;
  }

  after(ms: number, run: () => void): HostTimer {
    const timer = this.host.timer(() => {
      this.#set.delete(timer);
      run();
    }, ms);
    this.#set.add(timer);
    return timer;
  }

  cancel(timer: HostTimer | undefined): void {
    if (timer === undefined) return;
    this.#set.delete(timer);
    timer.cancel();
  }

  clear(): void {
    for (const timer of this.#set) timer.cancel();
    this.#set.clear();
  }

  /** Resolves when so many milliseconds have passed; rejects with the signal's reason when that aborts first. */
  pass(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => (this.cancel(timer), reject(signal?.reason as Error));
      const timer = this.after(ms, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
  }
}
