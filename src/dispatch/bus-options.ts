/** The options of a bus: one table for checks and reference. */
import type { Container } from "../container/container.js";
import type { Logger } from "../delivery/notice.js";
import type { LaneName, LaneOptions, Policies } from "../delivery/policies.js";
import type { Step } from "../delivery/step.js";
import type { EventHeaders } from "../event/envelope.js";
import type { Events } from "../event/event.js";
import { isEventClass, isTaskClass } from "../event/definition.js";
import { laneOptions } from "../lane/lane-options.js";
import {
  boolean,
  checkOptions,
  duration,
  either,
  func,
  integerFrom,
  isObject,
  listOf,
  object,
  oneOf,
  type OptionTable,
  record,
  refuse,
  rule,
  string,
} from "../runtime/options.js";
import type { Duration } from "../runtime/duration.js";
import type { StaticCheck } from "../subscriber/static-form.js";
import type { SubscriberClass } from "../subscriber/subscriber-options.js";
import type { TaskClass } from "../task/task-types.js";
import type { Transport } from "../transport/transport.js";
import { policyOptions } from "./policy-options.js";

export interface BusOptions<S extends readonly SubscriberClass[] = readonly SubscriberClass[]> {
  subscribers?: { readonly [I in keyof S]: S[I] & StaticCheck<S[I]> } | undefined;
  /** Events that are published or received here without a subscription. */
  events?: Events | undefined;
  /** Tasks that are run here: one without a handler is then a fault at `start()`. */
  tasks?: TaskClass | readonly TaskClass[] | undefined;
  /** Every lane that a subscription names. */
  lanes?: { readonly [N in LaneName]?: LaneOptions | undefined } | undefined;
  /** Makes the subscribers. Defaults to `plain()`: with `new`, for classes without constructor parameters. */
  container?: Container | undefined;
  /** Defaults to `memory()`. */
  transport?: Transport | undefined;
  /** Several, chosen by the event's `transport` option; `default` for all others. */
  transports?: { readonly [name: string]: Transport } | undefined;
  /** Headers of every publish. */
  stamp?: (() => EventHeaders) | undefined;
  /** Paths such as `data.card` that logs, listed dead letters and the journal do not show. */
  redact?: readonly string[] | undefined;
  /** Policies of all subscriptions. */
  defaults?: Policies | undefined;
  /** Run around every handler, outside those of classes and subscriptions. */
  steps?: readonly Step[] | undefined;
  /** The CloudEvents source: a URI reference. Defaults to `"/signalbox"`. */
  source?: string | undefined;
  /** Events held before `start()`. Defaults to 10,000. */
  heldMax?: number | undefined;
  /** Events that wait for the time that they were published for. Defaults to 100,000. */
  delayedMax?: number | undefined;
  /** `"freeze"`: deep-freezes an event when it is published. Defaults to `"none"`. */
  isolate?: "none" | "freeze" | undefined;
  /** `false`: handlers do not run in the async context of their publisher, and publishes know no cause; faster. Defaults to `true`. */
  context?: boolean | undefined;
  /** What happens to an event that nobody handles. Defaults to `"warn"`: once per event name. */
  onUnhandled?: "warn" | "error" | "ignore" | undefined;
  /** Defaults to 10,000, for 30 days. */
  deadLetters?: { max?: number | undefined; maxAge?: Duration | undefined } | undefined;
  /** How many results are kept when their work has ended. Defaults to 10,000, for an hour. */
  results?: { max?: number | undefined; maxAge?: Duration | undefined } | undefined;
  /** Keeps what was decided for each delivery; `true` keeps 10,000 entries. Defaults to `false`. */
  journal?: boolean | { size: number } | undefined;
  /** Called as `logger.warn(facts, message)`: pino, or a console. Defaults to the console's warnings and errors. */
  logger?: Logger | undefined;
}

const transportRule = rule(
  "a transport, such as memory()",
  (value) => isObject(value) && isObject(value["features"]),
);
const loggerRule = rule("a logger with debug, info, warn and error", isLogger);
const containerRule = rule(
  "a container with resolve() and provide()",
  (value) =>
    isObject(value) && typeof value["resolve"] === "function" && typeof value["provide"] === "function",
);
const eventClass = rule("an event class", isEventClass);
const taskClass = rule("a task class", isTaskClass);

export const busOptions: OptionTable = {
  subscribers: {
    ...rule("an array of classes", Array.isArray),
    about: "The subscriber classes.",
    default: "none",
  },
  events: {
    ...either(eventClass, listOf(eventClass)),
    about: "Events without a subscription here.",
    default: "none",
  },
  tasks: {
    ...either(taskClass, listOf(taskClass)),
    about: "Tasks that must have a handler here.",
    default: "none",
  },
  lanes: { ...record(object(laneOptions)), about: "Every lane that a subscription names.", default: "none" },
  container: { ...containerRule, about: "Makes the subscribers.", default: "plain()" },
  transport: { ...transportRule, about: "Carries the events.", default: "memory()" },
  transports: { ...record(transportRule), about: "Several, chosen by the event's option." },
  stamp: { ...func, about: "Gives headers of every publish." },
  redact: { ...listOf(string), about: "Paths that are not shown.", default: "none" },
  defaults: { ...object(policyOptions), about: "Policies of all subscriptions." },
  steps: { ...listOf(func), about: "Run around every handler.", default: "none" },
  source: { ...string, about: "The CloudEvents source.", default: "/signalbox" },
  heldMax: { ...integerFrom(0), about: "Events held before start().", default: 10_000 },
  delayedMax: { ...integerFrom(0), about: "Events published for later.", default: 100_000 },
  isolate: { ...oneOf("none", "freeze"), about: "Whether events are deep-frozen.", default: "none" },
  context: { ...boolean, about: "Whether the publisher's async context reaches the handler.", default: true },
  onUnhandled: {
    ...oneOf("warn", "error", "ignore"),
    about: "What happens to an event that nobody handles.",
    default: "warn",
  },
  deadLetters: {
    ...object({
      max: { ...integerFrom(1), about: "How many are kept.", default: 10_000 },
      maxAge: { ...duration, about: "How long they are kept.", default: "30d" },
    }),
    about: "How many dead letters are kept.",
  },
  results: {
    ...object({
      max: { ...integerFrom(0), about: "How many are kept.", default: 10_000 },
      maxAge: { ...duration, about: "How long they are kept.", default: "1h" },
    }),
    about: "How many results are kept when their work has ended.",
  },
  journal: {
    ...either(boolean, object({ size: { ...integerFrom(1), about: "Entries.", required: true } })),
    about: "Keeps what was decided for each delivery.",
    default: false,
  },
  logger: {
    ...loggerRule,
    about: "Told what somebody should know.",
    default: "the console's warnings and errors",
  },
};

export const closeOptions: OptionTable = {
  deadline: { ...duration, about: "How long what was accepted may still run.", default: "25s" },
};

export function checkBusOptions(options: unknown): void {
  const faults = checkOptions("createBus", options, busOptions);
  const { transport, transports } = isObject(options) ? options : {};
  if (transport !== undefined && transports !== undefined)
    faults.push("Expected `transport` or `transports`, got both. Put the one into the other as `default`.");
  refuse(faults);
}

function isLogger(value: unknown): boolean {
  const levels = ["debug", "info", "warn", "error"] as const;
  return (
    typeof value === "object" &&
    value !== null &&
    levels.every((level) => typeof (value as Logger)[level] === "function")
  );
}
