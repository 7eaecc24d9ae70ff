/** The clock of a bus as applications see it: injectable, and virtual where the bus's time is. */
import { type Duration, toMs } from "./duration.js";
import type { Runtime } from "./runtime.js";
import type { Timers } from "./timers.js";

/** A token for injection: handlers that take their time from it can be tested without waiting. */
export class Clock {
  readonly #runtime: Runtime;
  readonly #timers: Timers;

  constructor(wiring: { readonly runtime: Runtime; readonly timers: Timers }) {
    this.#runtime = wiring.runtime;
    this.#timers = wiring.timers;
  }

  /** The time now. */
  now(): Date {
    return new Date(this.#runtime.host.now());
  }

  /** Resolves when the time has passed; rejects with the signal's reason when that aborts first. */
  sleep(duration: Duration, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const ms = toMs(duration, "sleep");
    const signal = options.signal;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const stop = (): void => (timer.cancel(), reject(signal?.reason as Error));
      const timer = this.#timers.after(
        ms,
        () => (signal?.removeEventListener("abort", stop), resolve()),
        "sleep",
      );
      signal?.addEventListener("abort", stop, { once: true });
    });
  }
}
