/** A limit for answers: a server that says nothing for so long is taken for out of reach. */
import type { Host } from "../runtime/host.js";

export interface Limit {
  readonly host: () => Host;
  readonly ms: number;
}

/** Ends as the work does, or rejects when that has taken too long. */
export function within<T>({ host, ms }: Limit, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = host().timer(() => reject(silence(ms)), ms);
    work.finally(() => timer.cancel()).then(resolve, reject);
  });
}

/** Resolves after so many milliseconds; rejects with the signal's reason as soon as that aborts. */
export function pause(host: Host, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => (timer.cancel(), reject(signal!.reason as Error));
    const timer = host.timer(() => (signal?.removeEventListener("abort", aborted), resolve()), ms);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

function silence(ms: number): Error {
  return Object.assign(new Error(`The server has said nothing for ${ms} ms`), { code: "ETIMEDOUT" });
}
