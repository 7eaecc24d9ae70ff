/** What can be wrong with an event: its data, its version, its name, its envelope. */
import type { StandardSchemaV1 } from "@standard-schema/spec";

import { issuesIn } from "./issues.js";
import { nameErrors, SignalboxError } from "./base.js";

/** An event's data does not fit its schema. */
export class InvalidEventError extends SignalboxError {
  readonly event: string;
  readonly issues: readonly StandardSchemaV1.Issue[];
  constructor(event: string, issues: readonly StandardSchemaV1.Issue[]) {
    const says = `Event ${event} is not valid: ${issuesIn(issues)}.`;
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
    super(
      "SIGNALBOX_NEWER_VERSION",
      `${says} Deploy the newer class here, then replay the dead letter; where no store keeps it, publish anew what it has as raw.`,
    );
    this.event = event;
    this.version = version;
    this.known = known;
  }
}

/** An event arrived under a name that no class of this bus has, not even as an alias, or that its subscription does not have. */
export class UnknownEventError extends SignalboxError {
  readonly event: string;
  constructor(event: string, subscription?: string) {
    const does = "Name its class in createBus({ events }), or give the renamed class an alias.";
    const unknown = `No event class of this bus is named ${event}. ${does}`;
    super(
      "SIGNALBOX_UNKNOWN_EVENT",
      subscription === undefined ? unknown : notSubscribed(subscription, event),
    );
    this.event = event;
  }
}

function notSubscribed(subscription: string, event: string): string {
  return `${subscription} does not subscribe to ${event} here. Replay it where it does.`;
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

nameErrors({
  InvalidEventError,
  NewerVersionError,
  UnknownEventError,
  EnvelopeError,
  UnhandledEventError,
});
