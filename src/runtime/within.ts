/** Waiting for something that may never come. */
import type { Timer, Timers } from "./timers.js";

/** Resolves when the work has ended, however it ends, or when the time is over. */
export function within(ms: number, work: Promise<unknown>, timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    const timer: Timer = timers.after(ms, resolve, "within");
    const ended = (): void => (timer.cancel(), resolve());
    work.then(ended, ended);
  });
}
