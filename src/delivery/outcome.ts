/** How a delivery ended, as data: a branded value. Whatever else a handler returns is done. */
import { type Duration, toMs } from "../runtime/duration.js";

const OUTCOME: unique symbol = Symbol.for("signalbox.outcome") as never;

/** How a handler says that its delivery ended; anything that is not an outcome counts as done. */
export type Outcome =
  | { readonly [OUTCOME]: true; readonly outcome: "done" }
  | {
      readonly [OUTCOME]: true;
      readonly outcome: "retry";
      readonly after: number | undefined;
      readonly reason: string | undefined;
    }
  | { readonly [OUTCOME]: true; readonly outcome: "deadLetter" | "drop"; readonly reason: string };

const DONE: Outcome = Object.freeze({ [OUTCOME]: true, outcome: "done" } as const);

/** The delivery was handled. The same as returning nothing. */
export function done(): Outcome {
  return DONE;
}

/**
 * The attempt failed and may be tried again, `after` a duration or after what the subscription's backoff says.
 * Counts as a failure: past `retry.attempts` the delivery becomes a dead letter.
 */
export function retry(options: { after?: Duration | undefined; reason?: string | undefined } = {}): Outcome {
  const after = options.after === undefined ? undefined : toMs(options.after, "retry.after");
  return Object.freeze({ [OUTCOME]: true, outcome: "retry", after, reason: options.reason } as const);
}

/** The delivery becomes a dead letter now, whatever `retry` says. The reason is what lists and filters show. */
export function deadLetter(reason: string): Outcome {
  return Object.freeze({
    [OUTCOME]: true,
    outcome: "deadLetter",
    reason: worded(reason, "deadLetter"),
  } as const);
}

/** The delivery ends unhandled and is not kept; a notice and a counter say so. */
export function drop(reason: string): Outcome {
  return Object.freeze({ [OUTCOME]: true, outcome: "drop", reason: worded(reason, "drop") } as const);
}

/**
 * Whether a handler's answer is an outcome: by its brand, so that a result of the same shape is not taken for one. What
 * throws when it is looked at is none.
 */
export function isOutcome(value: unknown): value is Outcome {
  if (typeof value !== "object" || value === null) return false;
  try {
    return (value as Partial<Outcome>)[OUTCOME] === true;
  } catch {
    return false;
  }
}

function worded(reason: unknown, name: string): string {
  if (typeof reason === "string" && reason !== "") return reason;
  throw new TypeError(
    `Expected the reason of \`${name}(reason)\` to be a text. Say why, for whoever reads the list.`,
  );
}
