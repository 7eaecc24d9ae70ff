/** What a worker thread runs: finds the handler in the module of its lane, and calls it with the event made again. */
import { Delivery } from "../delivery/delivery.js";
import type { Publish } from "../delivery/receipt.js";
import type { EventHeaders } from "../event/envelope.js";
import type { AnyEvent, EventClass } from "../event/event.js";
import { definitionOf } from "../event/definition.js";
import { toError } from "../errors.js";
import { Clock } from "../runtime/clock.js";
import type { Duration } from "../runtime/duration.js";
import { processRuntime } from "../runtime/runtime.js";
import { Timers } from "../runtime/timers.js";
import { type DeclaredHandler, subscriptionsOf } from "../subscriber/declared.js";
import type { SubscriberClass } from "../subscriber/subscriber-options.js";
import { answerOf, errorOf, type ThreadAnswer, type ThreadTask } from "./thread-messages.js";

type Method = (event: AnyEvent, delivery: Delivery) => unknown;

interface Found {
  readonly target: SubscriberClass;
  readonly scope: "bus" | "delivery";
  readonly handler: DeclaredHandler;
}

const clock = new Clock({ runtime: processRuntime, timers: new Timers(processRuntime) });
const instances = new Map<SubscriberClass, object>();

export default async function run(task: ThreadTask): Promise<ThreadAnswer> {
  try {
    const found = handlerIn((await import(task.module)) as object, task);
    const event = eventOf(found.handler.events, task);
    return answerOf(await methodOf(found)(event, new ThreadDelivery(event, task)));
  } catch (error) {
    return errorOf(toError(error));
  }
}

function handlerIn(module: object, { subscription, module: url }: ThreadTask): Found {
  for (const exported of Object.values(module)) {
    if (typeof exported !== "function") continue;
    const { handlers, target, scope } = subscriptionsOf(exported as SubscriberClass);
    const handler = handlers.find((each) => each.name === subscription);
    if (handler !== undefined) return { target, scope, handler };
  }
  throw new TypeError(
    `${url} exports no class with the handler ${subscription}. Export the class that the bus has.`,
  );
}

/* Past constructor and schema: the data have been through both, and a schema need not take what it gives. */
function eventOf(events: readonly EventClass[], { event, data }: ThreadTask): AnyEvent {
  const eventClass = events.find((each) => definitionOf(each).name === event)!;
  return Object.freeze(Object.assign(Object.create(eventClass.prototype as object) as AnyEvent, data));
}

function methodOf({ target, scope, handler }: Found): Method {
  const receiver = handler.isStatic ? target : instanceOf(target, scope);
  const method = (receiver as Record<string | symbol, Method>)[handler.method]!;
  return (event, delivery) => method.call(receiver, event, delivery);
}

function instanceOf(target: SubscriberClass, scope: "bus" | "delivery"): object {
  const made = (scope === "bus" && instances.get(target)) || new (target as new () => object)();
  instances.set(target, made);
  return made;
}

class ThreadDelivery extends Delivery {
  readonly event: AnyEvent;
  readonly eventId: string;
  readonly subscription: string;
  readonly attempt: number;
  readonly deliveries: number;
  readonly deadline: Date | undefined;
  readonly key: string | undefined;
  readonly headers: EventHeaders;
  readonly cause: string | undefined;
  /* Whatever aborts the delivery ends the thread. */
  readonly signal: AbortSignal = new AbortController().signal;
  readonly publish: Publish = refused as Publish;

  constructor(event: AnyEvent, { subscription, facts }: ThreadTask) {
    super();
    this.event = event;
    this.subscription = subscription;
    this.eventId = facts.eventId;
    this.attempt = facts.attempt;
    this.deliveries = facts.deliveries;
    this.deadline = facts.deadline;
    this.key = facts.key;
    this.headers = facts.headers as EventHeaders;
    this.cause = facts.cause;
  }

  get client(): never {
    throw new TypeError("There is no transaction on a worker thread: take part in one beside it.");
  }

  sleep(duration: Duration): Promise<void> {
    return clock.sleep(duration);
  }
}

function refused(): Promise<never> {
  return Promise.reject(
    new TypeError("There is no bus on a worker thread: publish from a subscriber that runs beside it."),
  );
}
