/** Every error class of Signalbox: a stable code, the facts as fields, and a last sentence that says what to do. */
import { isNativeError } from "node:util/types";

import type { StandardSchemaV1 } from "@standard-schema/spec";

/** What every error of Signalbox is; `code` is stable across versions, messages are not. */
export class SignalboxError extends Error {
  readonly code: `SIGNALBOX_${string}`;
  constructor(code: `SIGNALBOX_${string}`, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An event's data does not fit its schema. */
export class InvalidEventError extends SignalboxError {
  readonly event: string;
  readonly issues: readonly StandardSchemaV1.Issue[];
  constructor(event: string, issues: readonly StandardSchemaV1.Issue[]) {
    const says = `Event ${event} is not valid: ${sentenceOf(issues)}.`;
    super("SIGNALBOX_INVALID_EVENT", `${says} Give the data that its schema takes.`);
    this.event = event;
    this.issues = issues;
  }
}

/** An event arrived in a version that this program does not know yet. */
export class NewerVersionError extends SignalboxError {
  readonly event: string;
  readonly version: number;
  readonly known: number;
  constructor(event: string, version: number, known: number) {
    const says = `Event ${event} has version ${version}, this program knows ${known}.`;
    super("SIGNALBOX_NEWER_VERSION", `${says} Deploy the newer class here, then replay the dead letter.`);
    this.event = event;
    this.version = version;
    this.known = known;
  }
}

/** An event arrived under a name that no class of this bus has, not even as an alias. */
export class UnknownEventError extends SignalboxError {
  readonly event: string;
  constructor(event: string) {
    const does = "Name its class in createBus({ events }), or give the renamed class an alias.";
    super("SIGNALBOX_UNKNOWN_EVENT", `No event class of this bus is named ${event}. ${does}`);
    this.event = event;
  }
}

/** A value does not survive the wire, or what came from it is no envelope. */
export class EnvelopeError extends SignalboxError {
  /** Where it is: `data.items[2].price`, or the name of an attribute. */
  readonly path: string;
  constructor(path: string, problem: string, advice: string, options?: ErrorOptions) {
    super("SIGNALBOX_ENVELOPE", `${path}: ${problem}. ${advice}`, options);
    this.path = path;
  }
}

/** Nobody handles an event, and the bus was made with `onUnhandled: "error"`. */
export class UnhandledEventError extends SignalboxError {
  readonly event: string;
  readonly eventId: string;
  constructor(event: string, eventId: string) {
    const does = 'Subscribe to it, or make the bus with onUnhandled: "warn".';
    super("SIGNALBOX_UNHANDLED_EVENT", `No subscription handles event ${event} (${eventId}). ${does}`);
    this.event = event;
    this.eventId = eventId;
  }
}

/** A lane takes no more, so the publish was accepted nowhere. */
export class LaneFullError extends SignalboxError {
  readonly lane: string;
  constructor(lane: string, options?: ErrorOptions) {
    const does = "Publish again later, raise its capacity or concurrency, or choose another overflow.";
    super("SIGNALBOX_LANE_FULL", `Lane ${lane} is full and took no more. ${does}`, options);
    this.lane = lane;
  }
}

/** A publish inside a circle of full lanes found the reserve of its lane used up. */
export class CascadeOverflowError extends SignalboxError {
  readonly lane: string;
  readonly chain: readonly string[];
  constructor(lane: string, chain: readonly string[]) {
    const says = `Lanes wait for each other (${chain.join(" → ")}) and the reserve of ${lane} is used up.`;
    const does = "Break the circle, publish less per delivery, or raise the capacity of one of them.";
    super("SIGNALBOX_CASCADE_OVERFLOW", `${says} ${does}`);
    this.lane = lane;
    this.chain = chain;
  }
}

/** A publish ended before every lane had taken the event; its `cause` says why. */
export class PartlyAcceptedError extends SignalboxError {
  readonly accepted: readonly string[];
  readonly refused: readonly string[];
  constructor(accepted: readonly string[], refused: readonly string[], cause: unknown) {
    const says =
      accepted.length === 0
        ? `Accepted by nobody: the wait for ${refused.join(", ")} ended.`
        : `Accepted by ${accepted.join(", ")}, not by ${refused.join(", ")}.`;
    const does = "Publish the same event object again: it goes only to those that did not take it.";
    super("SIGNALBOX_PARTLY_ACCEPTED", `${says} ${does}`, { cause });
    this.accepted = accepted;
    this.refused = refused;
  }
}

/** A bus that is closed, or closing, was asked for something. */
export class BusClosedError extends SignalboxError {
  constructor(options?: ErrorOptions) {
    const does = "A closed bus is final: make another one with createBus().";
    super("SIGNALBOX_BUS_CLOSED", `The bus is closed. ${does}`, options);
  }
}

/** A bus that has not started was asked for more than it can hold. */
export class NotStartedError extends SignalboxError {
  /** `problem` is a sentence without its full stop, such as "invoke() came before start()". */
  constructor(problem: string) {
    super("SIGNALBOX_NOT_STARTED", `${problem}. Await bus.start() first.`);
  }
}

/** So many events are delayed already that this one finds no room: nothing was published. */
export class DelayedFullError extends SignalboxError {
  readonly delayedMax: number;
  constructor(delayedMax: number) {
    const does = "Publish later, cancel some by bus.delayed.cancel(id), or raise `delayedMax`.";
    super(
      "SIGNALBOX_DELAYED_FULL",
      `${delayedMax} events are delayed, as many as delayedMax allows. ${does}`,
    );
    this.delayedMax = delayedMax;
  }
}

/** The time of an event ran out while its handler ran; the reason of its signal. */
export class EventExpiredError extends SignalboxError {
  readonly subscription: string;
  constructor(subscription: string, event: string) {
    const does = "End the work when delivery.signal aborts, or publish with a longer `expiresIn`.";
    super("SIGNALBOX_EVENT_EXPIRED", `${event} expired while ${subscription} handled it. ${does}`);
    this.subscription = subscription;
  }
}

/** All faults that `start()` found; nothing was started. */
export class StartError extends SignalboxError {
  readonly faults: readonly string[];
  constructor(faults: readonly string[], options?: ErrorOptions) {
    const says = `The bus cannot start:\n${faults.map((fault) => `  - ${fault}`).join("\n")}\n`;
    super("SIGNALBOX_START", `${says}Nothing was started. Correct all of the above.`, options);
    this.faults = faults;
  }
}

/** A delivery, or a transaction, was about to wait for itself. */
export class SelfWaitError extends SignalboxError {
  /** `call` is what was called, such as "receipt.settled()". */
  constructor(call: string, inside: "delivery" | "transaction" = "delivery") {
    const does =
      inside === "delivery"
        ? "Do not await it in a handler: return, and let another subscription go on."
        : "Await it when the transaction has ended.";
    super("SIGNALBOX_SELF_WAIT", `${call} inside a ${inside} would wait for that ${inside} itself. ${does}`);
  }
}

/** The store of the transport holds the queue, so this process cannot know when an event is settled. */
export class SettledElsewhereError extends SignalboxError {
  readonly transport: string;
  constructor(transport: string) {
    const does = "Publish an event when the work is done and wait for that with bus.next().";
    super("SIGNALBOX_SETTLED_ELSEWHERE", `Transport ${transport} settles deliveries elsewhere. ${does}`);
    this.transport = transport;
  }
}

/** `invoke` was nested too deep. */
export class InvokeDepthError extends SignalboxError {
  readonly chain: readonly string[];
  constructor(chain: readonly string[]) {
    const says = `invoke() is nested more than 64 deep (… → ${chain.slice(-4).join(" → ")}).`;
    super("SIGNALBOX_INVOKE_DEPTH", `${says} Publish the event instead, or end the recursion.`);
    this.chain = chain;
  }
}

/** What is called in the middle of a publish (a tap, a notice, a key, a stamp) published what calls it again, and so on. */
export class PublishDepthError extends SignalboxError {
  constructor(max: number) {
    const says = `publish() is nested more than ${max} deep: a tap, a notice, a key or a stamp publishes what calls it again.`;
    super("SIGNALBOX_PUBLISH_DEPTH", `${says} Publish from a subscription instead, whose hops are counted.`);
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

/** A step called `next()` a second time. */
export class NextTwiceError extends SignalboxError {
  constructor(subscription: string) {
    const does = "Await one next() and answer its outcome; to try again, answer retry().";
    super("SIGNALBOX_NEXT_TWICE", `A step of ${subscription} called next() twice. ${does}`);
  }
}

/** Something that is no Error was thrown; `cause` is what it was. */
export class ThrownValueError extends SignalboxError {
  constructor(thrown: unknown) {
    const says = `Not an Error but ${printed(thrown)} was thrown.`;
    super("SIGNALBOX_THROWN_VALUE", `${says} Throw an Error, so that it has a stack.`, { cause: thrown });
  }
}

// On the prototypes and spelt out: stacks open with it, console.log does not repeat it, minifiers cannot change it.
for (const [name, errorClass] of Object.entries({
  SignalboxError,
  InvalidEventError,
  NewerVersionError,
  UnknownEventError,
  EnvelopeError,
  UnhandledEventError,
  LaneFullError,
  CascadeOverflowError,
  PartlyAcceptedError,
  BusClosedError,
  NotStartedError,
  DelayedFullError,
  EventExpiredError,
  StartError,
  SelfWaitError,
  SettledElsewhereError,
  InvokeDepthError,
  PublishDepthError,
  HandlerTimeoutError,
  DeliveryLostError,
  NextTwiceError,
  ThrownValueError,
})) {
  Object.defineProperty(errorClass.prototype, "name", { value: name, writable: true, configurable: true });
}

/** Gives what was thrown as an Error that is safe to read; never throws, whatever it gets. */
export function toError(thrown: unknown): Error {
  return isReadableError(thrown) ? thrown : new ThrownValueError(thrown);
}

function isReadableError(thrown: unknown): thrown is Error {
  try {
    if (!(isNativeError(thrown) || thrown instanceof Error)) return false;
    void thrown.cause;
    const { stack } = thrown;
    return typeof thrown.message === "string" && typeof thrown.name === "string" && typeof stack !== "object";
  } catch {
    return false;
  }
}

function printed(thrown: unknown): string {
  try {
    return typeof thrown === "string" ? JSON.stringify(thrown.slice(0, 200)) : String(thrown).slice(0, 200);
  } catch {
    return `a value of type ${typeof thrown}`;
  }
}

function sentenceOf(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, 5).map((issue) => `${pathOf(issue)}${issue.message}`);
  if (issues.length > shown.length) shown.push(`and ${issues.length - shown.length} more`);
  return shown.join("; ").replace(/\.$/, "");
}

function pathOf({ path }: StandardSchemaV1.Issue): string {
  if (path === undefined || path.length === 0) return "";
  return `${path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")}: `;
}
