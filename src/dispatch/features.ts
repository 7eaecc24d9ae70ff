/** What a subscription asks for, compared with what its transport declares: never degraded in silence. */
import { definitionOf, type EventDefinition } from "../event/definition.js";
import type { EventClass, Events } from "../event/event.js";
import { toMs } from "../runtime/duration.js";
import type { Features, Group, Transport } from "../transport/transport.js";
import type { Carriage } from "./carriage.js";
import type { Route } from "./route.js";
import { type StoreFault, storeFaults } from "./store-faults.js";
import type { Topics } from "./topics.js";

/** One sentence, with the fix, for each thing that the transport of this name lacks. */
export function featureFaults(route: Route, name: string, features: Features): string[] {
  const transport = `transport ${name}`;
  const faults = features.order === "none" && keyed(route) ? [orderFault(transport)] : [];
  if (features.holds === "store") faults.push(...storeFaults(route, transport));
  return faults.map(([fault, fix]) => `${route.name} ${fault}. ${fix}`);
}

/** What its transport will not have of it, before anything is opened. */
export function groupFaults(route: Route, transport: Transport): readonly string[] {
  return transport.faults?.(groupOf(route, transport.features)) ?? [];
}

/** Whoever follows the bus has no stable name, and is gone with the process: throws where an event is stored. */
export function refuseStored(events: Events, topics: Topics): void {
  for (const event of [events].flat() as EventClass[]) {
    const { carriage, definition } = topics.of(event);
    if (!carriage.isStore) continue;
    const says = `bus.stream() and bus.next() cannot follow ${definition.name}, which transport ${carriage.name} stores.`;
    throw new TypeError(`${says} Subscribe with bus.on(event, { name }, handler).`);
  }
}

function orderFault(transport: string): StoreFault {
  return [
    `keeps order per key, and ${transport} keeps none`,
    "Remove `key` from the event, or choose a transport with order.",
  ];
}

/** Why a subscription that asks for a transaction can have none. */
export function transactionFaults(
  { name, lane, subscription }: Route,
  carriageOf: (definition: EventDefinition) => Carriage,
): string[] {
  const { events, options, batch } = subscription;
  if (options.transaction !== true) return [];
  const definitions = events.map((event) => definitionOf(event));
  const unable = definitions.find((each) => !carriageOf(each).beginsTransactions);
  const fault =
    (batch !== undefined && "takes batches, and each delivery of one ends by itself.") ||
    (lane.threads !== undefined && "runs on worker threads, where no client can be.") ||
    (definitions[0]?.task !== undefined && "handles a task, whose result is in no transaction.") ||
    (unable !== undefined && `gets ${unable.name} by a transport that begins none. ${TRANSPORT}`);
  return fault === false ? [] : [`${name} asks for a transaction, and ${fault} ${WITHOUT}`];
}

const TRANSPORT = "Give the event one that stores in a database, such as sqlite().";
const WITHOUT = "Or remove `transaction`.";

/** The subscription as a store sees it; earlier names of its events are still received. */
export function groupOf(route: Route, features: Features): Group {
  const { options, events } = route.subscription;
  const definitions = events.map((event) => definitionOf(event));
  return {
    name: route.name,
    events: [...new Set(definitions.flatMap(({ name, aliases }) => [name, ...aliases]))],
    order: keyed(route) ? "key" : features.order === "group" ? "group" : "none",
    audience: options.audience ?? "one",
    start: options.start ?? "now",
    inboxMs: options.dedupe === undefined ? 0 : toMs(options.dedupe.window, "dedupe.window"),
  };
}

/** What a store may hand out at once: what runs, and as much again, or the capacity that was asked for. */
export function readAhead({ lane }: Route): number {
  const { batch, asked } = lane.limits;
  const atOnce = lane.concurrency * (batch?.size ?? 1);
  return atOnce + (asked.capacity ?? atOnce);
}

function keyed({ subscription }: Route): boolean {
  return subscription.events.some((event) => definitionOf(event).key !== undefined);
}
