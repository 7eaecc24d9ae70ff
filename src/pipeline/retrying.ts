/** The retry policy of a subscription: whether a failure is tried again, and when. */
import { isOutcome, type Outcome } from "../delivery/outcome.js";
import type { RetryOptions } from "../delivery/policies.js";
import { toMs } from "../runtime/duration.js";
import { atOnce } from "../runtime/thenable.js";

export interface RetryPolicy {
  readonly attempts: number;
  /** The rule for an error; `undefined` leaves it to the attempts. */
  readonly rule: (error: unknown, attempt: number) => Outcome | undefined;
  /** Milliseconds until the next attempt. */
  readonly delayMs: (attempt: number, error: unknown) => number;
}

/** Reads `retry`: a number of attempts, or options. `random` spreads the waits. */
export function retryPolicy(retry: number | RetryOptions | undefined, random: () => number): RetryPolicy {
  const options = typeof retry === "object" ? retry : { attempts: retry ?? 1 };
  return { attempts: options.attempts, rule: ruleOf(options), delayMs: delayOf(options, random) };
}

function ruleOf({ on }: RetryOptions): RetryPolicy["rule"] {
  if (on === undefined) return () => undefined;
  return (error, attempt) => {
    const ruled: unknown = atOnce(on(error, attempt), "retry.on");
    return isOutcome(ruled) ? ruled : undefined;
  };
}

/* Enough for any wait; without a limit a delay of 0 would become 0 × Infinity in the end. */
const DOUBLINGS_MAX = 52;

const DELAY_MAX_MS = 300_000;

/* Jitter keeps at least half of the wait: whole jitter would let some of a crowd come back at once. */
function delayOf(options: RetryOptions, random: () => number): RetryPolicy["delayMs"] {
  const { backoff = "exponential", jitter = true } = options;
  const delay = toMs(options.delay ?? "1s", "retry.delay");
  // A first wait that is longer than the default limit is meant as it stands.
  const most = toMs(options.delayMax ?? Math.max(delay, DELAY_MAX_MS), "retry.delayMax");
  if (typeof backoff === "function")
    return (attempt, error) => toMs(atOnce(backoff(attempt, error), "retry.backoff"), "retry.backoff");
  return (attempt) => {
    const wait = Math.min(
      most,
      backoff === "fixed" ? delay : delay * 2 ** Math.min(attempt - 1, DOUBLINGS_MAX),
    );
    return jitter ? wait * (1 - random() / 2) : wait;
  };
}
