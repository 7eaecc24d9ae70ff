/** What a subscription asks for, compared with what its transport declares: never degraded in silence. */
import { definitionOf } from "../event/definition.js";
import type { Group } from "../transport/transport.js";
import { toMs } from "../runtime/duration.js";
import type { PortCarriage } from "./port-carriage.js";
import type { Route } from "./route.js";

/** One sentence, with the fix, for each thing that the transport lacks. */
export function featureFaults(route: Route, carriage: PortCarriage): string[] {
  const { features } = carriage.transport;
  const { subscription, name } = route;
  const { options } = subscription;
  const faults: string[] = [];
  const lacks = (fault: string, fix: string): number =>
    faults.push(`${name} ${fault} on transport ${carriage.name}. ${fix}`);
  if (keyed(route) && features.order === "none")
    lacks(
      "keeps order per key, which is not kept",
      "Remove `key` from the event, or choose a transport with order.",
    );
  if (!carriage.isStore) return faults;
  if (subscription.derived)
    lacks(
      "has a name that follows the code, and a store needs a stable one",
      `Add \`name: "${stable(name)}"\` to its options.`,
    );
  if (route.lane.limits.overflow !== "wait")
    lacks(
      `asks for overflow "${route.lane.limits.overflow}", but the store holds the queue`,
      "Remove `overflow`.",
    );
  if (options.key !== undefined)
    lacks("refines the key, but the store holds the queue", "Give the event class the `key`.");
  if (options.dedupe !== undefined && options.dedupe.by !== "id")
    lacks(
      "dedupes by a function, but the store knows ids only",
      'Use `by: "id"`, and publish with an id that says the same.',
    );
  return faults;
}

/** The subscription as a store sees it. */
export function groupOf(route: Route, { transport }: PortCarriage): Group {
  const { options, events } = route.subscription;
  return {
    name: route.name,
    events: [...new Set(events.map((event) => event.eventName))],
    order: keyed(route) ? "key" : transport.features.order === "group" ? "group" : "none",
    audience: options.audience ?? "one",
    start: options.start ?? "now",
    inboxMs: options.dedupe === undefined ? 0 : toMs(options.dedupe.window, "dedupe.window"),
  };
}

/** What a store may hand out at once: what runs, and as much again, or the capacity that was asked for. */
export function readAhead({ lane, subscription }: Route): number {
  const { lane: asked } = subscription.options;
  const capacity = typeof asked === "object" ? asked.capacity : undefined;
  return lane.concurrency + (capacity ?? lane.concurrency);
}

function keyed({ subscription }: Route): boolean {
  return subscription.events.some((event) => definitionOf(event).key !== undefined);
}

function stable(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, "-");
}
