/** What goes to a worker thread and comes back: plain data that structured clone takes. */
import { deadLetter, done, drop, isOutcome, type Outcome, retry } from "../delivery/outcome.js";

/** One attempt, for the thread. */
export interface ThreadTask {
  /** The URL of the module that exports the subscriber class. */
  readonly module: string;
  readonly subscription: string;
  /** The name of the event, and its data. */
  readonly event: string;
  readonly data: object;
  readonly facts: {
    readonly eventId: string;
    readonly attempt: number;
    readonly deliveries: number;
    readonly deadline: Date | undefined;
    readonly key: string | undefined;
    readonly headers: Readonly<Record<string, string>>;
    readonly cause: string | undefined;
  };
}

/** How the handler ended there. */
export type ThreadAnswer =
  | { readonly kind: "answer"; readonly answer: unknown }
  | {
      readonly kind: "outcome";
      readonly outcome: Outcome["outcome"];
      readonly after: number | undefined;
      readonly reason: string | undefined;
    }
  | {
      readonly kind: "error";
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      /** Its own fields, as far as they can be copied. */
      readonly fields: Readonly<Record<string, unknown>>;
    };

/* An outcome is known by a symbol, which structured clone leaves out. */
export function answerOf(answer: unknown): ThreadAnswer {
  if (!isOutcome(answer)) return { kind: "answer", answer };
  const { outcome } = answer;
  const after = answer.outcome === "retry" ? answer.after : undefined;
  const reason = answer.outcome === "done" ? undefined : answer.reason;
  return { kind: "outcome", outcome, after, reason };
}

export function errorOf(error: Error): ThreadAnswer {
  const { name, message, stack } = error;
  const fields = Object.entries(error).filter(([, value]) => isCloneable(value));
  return { kind: "error", name, message, stack, fields: Object.fromEntries(fields) };
}

/** What the handler answered, made again; throws what it threw, as an `Error` of the same name, message, stack and fields. */
export function unpacked(answer: ThreadAnswer): unknown {
  if (answer.kind === "answer") return answer.answer;
  if (answer.kind === "outcome") return outcomeOf(answer);
  const { name, message, stack, fields } = answer;
  const error = Object.assign(new Error(message), fields);
  for (const [key, value] of Object.entries({ name, stack }))
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  throw error;
}

function outcomeOf({ outcome, after, reason = "" }: Extract<ThreadAnswer, { kind: "outcome" }>): Outcome {
  if (outcome === "done") return done();
  if (outcome === "retry") return retry({ after, ...(reason === "" ? {} : { reason }) });
  return outcome === "drop" ? drop(reason) : deadLetter(reason);
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
