/** What ends an attempt at a delivery, or what a step does wrong in it. */
import { nameErrors, SignalboxError } from "./base.js";

/** The time of an event ran out while its handler ran; the reason of its signal. */
export class EventExpiredError extends SignalboxError {
  readonly subscription: string;
  constructor(subscription: string, event: string) {
    const does = "End the work when delivery.signal aborts, or publish with a longer `expiresIn`.";
    super("SIGNALBOX_EVENT_EXPIRED", `${event} expired while ${subscription} handled it. ${does}`);
    this.subscription = subscription;
  }
}

/** A handler did not end in its time; the reason of its signal and of the failure. */
export class HandlerTimeoutError extends SignalboxError {
  readonly subscription: string;
  readonly timeoutMs: number;
  constructor(subscription: string, timeoutMs: number) {
    const does = "End the work when delivery.signal aborts, or raise the timeout.";
    super("SIGNALBOX_HANDLER_TIMEOUT", `${subscription} did not end within ${timeoutMs} ms. ${does}`);
    this.subscription = subscription;
    this.timeoutMs = timeoutMs;
  }
}

/** The transport took a running delivery away; the reason of its signal. */
export class DeliveryLostError extends SignalboxError {
  readonly subscription: string;
  constructor(subscription: string, why: "lease" | "connection" | "removed") {
    const does = "End the work: the delivery comes again, here or in another process.";
    super("SIGNALBOX_DELIVERY_LOST", `${subscription} lost its delivery (${why}). ${does}`);
    this.subscription = subscription;
  }
}

/** An event lies more than 100 deep in a chain of events that cause each other; the error of its dead letters. */
export class CauseDepthError extends SignalboxError {
  /** The names of the events that led here, the latest last; the last few only. */
  readonly chain: readonly string[];
  constructor(subscription: string, chain: readonly string[]) {
    const says = `${subscription} was not given an event that lies more than 100 deep (… → ${chain.slice(-4).join(" → ")}).`;
    super(
      "SIGNALBOX_CAUSE_DEPTH",
      `${says} End the circle, or publish with a \`delay\`, which begins a new chain.`,
    );
    this.chain = chain;
  }
}

/** A step called `next()` a second time. */
export class NextTwiceError extends SignalboxError {
  constructor(subscription: string) {
    const does = "Await one next() and answer its outcome; to try again, answer retry().";
    super("SIGNALBOX_NEXT_TWICE", `A step of ${subscription} called next() twice. ${does}`);
  }
}

nameErrors({
  EventExpiredError,
  HandlerTimeoutError,
  DeliveryLostError,
  CauseDepthError,
  NextTwiceError,
});
