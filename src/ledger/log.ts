/** All wording of the log in one place: what is told to whoever reads it, called as `logger.warn(facts, message)`. */
import type { Logger } from "../delivery/notice.js";
import { isThenable } from "../runtime/thenable.js";

/* The facts of an error stand under `err`: the one name under which pino, too, prints message and stack. */

/** What a log line is about. */
export interface LogFacts {
  readonly subscription: string;
  readonly event: string;
  readonly eventId: string;
}

/** Why something is a dead letter, and where that is kept. */
export interface Buried {
  readonly reason: string;
  readonly error: unknown;
  /** The transport whose store keeps it; undefined where this process does. */
  readonly store: string | undefined;
}

export class Log {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  deadLettered(facts: LogFacts, { reason, error, store }: Buried, attempts: number): void {
    const failed = `after ${attempts} ${attempts === 1 ? "attempt" : "attempts"} `;
    const after = attempts === 0 ? "" : failed; // a loop, a parked key, a handler that gives up at once
    this.#say(
      "error",
      { ...facts, reason, attempts, err: error },
      `${facts.subscription} gave up on ${facts.event} ${after}(${reason}). ${keptBy(store)}`,
    );
  }

  stuck(facts: LogFacts, stuck: "hold" | "release"): void {
    const does = stuck === "hold" ? "It keeps its slot until it ends." : "Its slot was released.";
    this.#say("warn", facts, `${facts.subscription} goes on past its timeout and grace. ${does}`);
  }

  ruleFailed(facts: LogFacts, error: unknown): void {
    this.#say(
      "error",
      { ...facts, err: error },
      `The retry option of ${facts.subscription} threw; the default stands in for it.`,
    );
  }

  unhandled(event: string, eventId: string): void {
    this.#say(
      "warn",
      { event, eventId },
      `No subscription handles ${event}. Said once per event name; subscribe to it, or make the bus with onUnhandled: "ignore".`,
    );
  }

  tapFailed(event: string, error: unknown): void {
    this.#say("error", { event, err: error }, `A tap on ${event} threw. Taps watch; correct the observer.`);
  }

  transport(state: "up" | "down", transport: string, error: unknown): void {
    this.#say(
      state === "up" ? "info" : "warn",
      { transport, err: error },
      `Transport ${transport} is ${state}.`,
    );
  }

  transportFailed(transport: string, what: "stop" | "close", error: unknown): void {
    const message = `Transport ${transport} failed to ${what}. The bus closes without it.`;
    this.#say("error", { transport, err: error }, message);
  }

  declareFailed(subscription: string, error: unknown): void {
    this.#say(
      "error",
      { subscription, err: error },
      `A transport refused ${subscription}, which was taken out again. Correct it, and add it once more.`,
    );
  }

  settleFailed(subscription: string, error: unknown): void {
    this.#say(
      "error",
      { subscription, err: error },
      `The transport could not settle a delivery of ${subscription}; it may come again.`,
    );
  }

  undeliverable(subscription: string, { reason, error, store }: Buried): void {
    this.#say(
      "error",
      { subscription, reason, err: error },
      `What came in for ${subscription} is no delivery (${reason}). ${keptBy(store)}`,
    );
  }

  listenerFailed(notice: string, error: unknown): void {
    this.#say(
      "error",
      { notice, err: error },
      `A listener of ${notice} threw and was detached. Correct the listener.`,
    );
  }

  scheduleFailed(schedule: string, error: unknown): void {
    this.#say(
      "error",
      { schedule, err: error },
      `A run of schedule ${schedule} could not begin. The next one tries again.`,
    );
  }

  scheduleUnkept(schedule: string, error: unknown): void {
    this.#say(
      "error",
      { schedule, err: error },
      `The store does not answer for schedule ${schedule}. It is asked again, and nothing of it begins here before that.`,
    );
  }

  resultUnkept(task: string, taskId: string, error: unknown): void {
    this.#say(
      "error",
      { task, taskId, err: error },
      `The store does not take what became of ${task}. Whoever waits for it elsewhere does not hear of it.`,
    );
  }

  releaseFailed(event: string, eventId: string, error: unknown): void {
    this.#say(
      "error",
      { event, eventId, err: error },
      `${event} was held and could not be published at its release.`,
    );
  }

  /* Some errors throw when they are printed; what became of the delivery must be told all the same. */
  #say(level: keyof Logger, facts: object, message: string): void {
    if (!this.#said(level, facts, message) && "err" in facts)
      this.#said(level, { ...facts, err: "an error that cannot be printed" }, message);
  }

  /* A logger that throws or rejects must not change what happens to a delivery: there is nobody left to tell. */
  #said(level: keyof Logger, facts: object, message: string): boolean {
    try {
      const answer: unknown = this.#logger[level](facts, message);
      if (isThenable(answer)) answer.then(undefined, () => undefined);
      return true;
    } catch {
      return false;
    }
  }
}

/* Where whoever reads it finds the letter. */
function keptBy(store: string | undefined): string {
  if (store === undefined) return "It is kept in bus.deadLetters.";
  return `It is kept by transport ${store}; bus.deadLetters lists it.`;
}

/** What a bus without a logger tells: warnings and errors, on the console. */
/* oxlint-disable no-console -- the console is what it is for */
export const consoleLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (facts: unknown, message: unknown) => console.warn(message, facts),
  error: (facts: unknown, message: unknown) => console.error(message, facts),
};
