/** All wording of the log in one place: what is told to whoever reads it, called as `logger.warn(facts, message)`. */
import type { Logger } from "../delivery/notice.js";

/** What a log line is about. */
export interface LogFacts {
  readonly subscription: string;
  readonly event: string;
  readonly eventId: string;
}

export class Log {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  deadLettered(facts: LogFacts, reason: string, error: unknown, attempts: number): void {
    const after = `after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
    this.#say(
      "error",
      { ...facts, reason, attempts, error },
      `${facts.subscription} gave up on ${facts.event} ${after} (${reason}). It is kept in bus.deadLetters.`,
    );
  }

  stuck(facts: LogFacts, stuck: "hold" | "release"): void {
    const does = stuck === "hold" ? "It keeps its slot until it ends." : "Its slot was released.";
    this.#say("warn", facts, `${facts.subscription} goes on past its timeout and grace. ${does}`);
  }

  ruleFailed(facts: LogFacts, error: unknown): void {
    this.#say(
      "error",
      { ...facts, error },
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
    this.#say("error", { event, error }, `A tap on ${event} threw. Taps watch; correct the observer.`);
  }

  transport(state: "up" | "down", transport: string, error: unknown): void {
    this.#say(state === "up" ? "info" : "warn", { transport, error }, `Transport ${transport} is ${state}.`);
  }

  settleFailed(subscription: string, error: unknown): void {
    this.#say(
      "error",
      { subscription, error },
      `The transport could not settle a delivery of ${subscription}; it may come again.`,
    );
  }

  undeliverable(subscription: string, reason: string, error: unknown): void {
    this.#say(
      "error",
      { subscription, reason, error },
      `What came in for ${subscription} is no delivery (${reason}). It is kept in bus.deadLetters.`,
    );
  }

  releaseFailed(event: string, eventId: string, error: unknown): void {
    this.#say(
      "error",
      { event, eventId, error },
      `${event} was held and could not be published at its release.`,
    );
  }

  /* A logger that throws must not change what happens to a delivery. */
  #say(level: keyof Logger, facts: object, message: string): void {
    try {
      this.#logger[level](facts, message);
    } catch {
      // There is nobody left to tell.
    }
  }
}

/** What a bus without a logger tells: warnings and errors, on the console. */
/* oxlint-disable no-console -- the console is what it is for */
export const consoleLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (facts: unknown, message: unknown) => console.warn(message, facts),
  error: (facts: unknown, message: unknown) => console.error(message, facts),
};
