/** What a subscription asks for, compared with what its transport declares: never degraded in silence. */
import { definitionOf, type EventDefinition } from "../event/definition.js";
import type { EventClass, Events } from "../event/event.js";
import { toMs } from "../runtime/duration.js";
import { subscriberName } from "../subscriber/class-settings.js";
import { textOf } from "../subscriber/names.js";
import type { Subscription } from "../subscriber/subscription.js";
import type { Features, Group } from "../transport/transport.js";
import type { Carriage } from "./carriage.js";
import type { Route } from "./route.js";
import type { Topics } from "./topics.js";

/** One sentence, with the fix, for each thing that the transport of this name lacks. */
export function featureFaults(route: Route, name: string, features: Features): string[] {
  const transport = `transport ${name}`;
  const faults = features.order === "none" && keyed(route) ? [orderFault(transport)] : [];
  if (features.holds === "store") faults.push(...storeFaults(route, transport));
  return faults.map(([fault, fix]) => `${route.name} ${fault}. ${fix}`);
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

type Fault = readonly [fault: string, fix: string];

function orderFault(transport: string): Fault {
  return [
    `keeps order per key, and ${transport} keeps none`,
    "Remove `key` from the event, or choose a transport with order.",
  ];
}

/* The store is the queue: it knows stable names and ids, and no function of ours. */
function storeFaults({ subscription, lane }: Route, transport: string): Fault[] {
  const { key, dedupe, debounce } = subscription.options;
  const { overflow } = lane.limits;
  const faults: Fault[] = [];
  if (subscription.derived)
    faults.push([
      `has a name that follows the code, and ${transport} keeps what waits under its name`,
      linesToAdd(subscription),
    ]);
  if (overflow !== "wait") {
    const place = typeof subscription.lane === "string" ? `lane ${subscription.lane}` : "its lane";
    faults.push([
      `asks for overflow "${overflow}" in ${place}, but ${transport} keeps the queue in its store`,
      `Remove \`overflow\` from the options of ${place}.`,
    ]);
  }
  if (debounce !== undefined)
    faults.push([`debounces, but ${transport} keeps the queue in its store`, "Remove `debounce`."]);
  if (key !== undefined)
    faults.push([
      `refines the key, but ${transport} orders by the event's own`,
      "Remove `key`, or give it to the event class.",
    ]);
  if (dedupe !== undefined && dedupe.by !== "id")
    faults.push([
      `dedupes by a function, but ${transport} knows ids only`,
      'Use `by: "id"`, and publish with an id that says the same.',
    ]);
  return faults;
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
export function readAhead({ lane, subscription }: Route): number {
  const { lane: asked } = subscription.options;
  const capacity = typeof asked === "object" ? asked.capacity : undefined;
  const atOnce = lane.concurrency * (lane.limits.batch?.size ?? 1);
  return atOnce + (capacity ?? atOnce);
}

function keyed({ subscription }: Route): boolean {
  return subscription.events.some((event) => definitionOf(event).key !== undefined);
}

/* A method's name is its subscriber's and its own: what is missing of the two. */
function linesToAdd({ name, owner, options }: Subscription): string {
  if (owner === undefined) return `Add \`name: "${stable(name)}"\` to its options.`;
  const end = name.lastIndexOf(`.${options.name ?? textOf(owner.method)}`);
  const outer = subscriberName(owner.target).derived && [stable(name.slice(0, end)), "@Subscriber"];
  const own = options.name === undefined && [stable(name.slice(end + 1)), "@On"];
  const lines = [outer, own].filter((each) => each !== false);
  return `Add ${lines.map(([text, mark]) => `\`name: "${text}"\` to its ${mark}`).join(" and ")}.`;
}

function stable(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, "-");
}
