/** The timeout of an attempt: the signal aborts, then the attempt waits for its handler, or is released as stuck. */
import { HandlerTimeoutError } from "../errors.js";
import type { Timer, Timers } from "../runtime/timers.js";

export interface TimeoutPolicy {
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly stuck: "hold" | "release";
}

/** What the timeout does to an attempt, and whom it tells. */
export interface TimedAttempt {
  readonly subscription: string;
  abort(reason: Error): void;
  onStuck(): void;
  /** The handler has ended after its release; `error` is what it threw, if it did. */
  onLate(error: unknown): void;
}

/**
 * Runs a handler under its timeout. Past it the attempt fails with `HandlerTimeoutError`, whatever the handler answers
 * in the end: when it ends, or, with `stuck: "release"`, when the grace is over.
 */
export function timeout<T>(
  run: () => Promise<T>,
  attempt: TimedAttempt,
  { policy, timers }: { policy: TimeoutPolicy; timers: Timers },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let error: HandlerTimeoutError | undefined; // made when it is due: its stack costs more than the delivery
    let isReleased = false;
    const stuck = (over: HandlerTimeoutError): void => {
      attempt.onStuck();
      if (policy.stuck === "hold") return;
      isReleased = true;
      reject(over);
    };
    const expire = (): void => {
      const over = new HandlerTimeoutError(attempt.subscription, policy.timeoutMs);
      error = over;
      timer = timers.after(policy.graceMs, () => stuck(over), "grace");
      attempt.abort(over);
    };
    const end = (settle: () => void, thrown?: unknown): void => {
      timer.cancel();
      if (isReleased) attempt.onLate(thrown);
      else if (error !== undefined) reject(error);
      else settle();
    };
    let timer: Timer = timers.after(policy.timeoutMs, expire, "timeout");
    run().then(
      (value) => end(() => resolve(value)),
      (reason: unknown) => end(() => reject(reason as Error), reason),
    );
  });
}
