/** What belongs to memory: options that mean nothing where a store holds the queue, each with what to do instead. */
import type { LaneOptions } from "../delivery/policies.js";
import { subscriberName } from "../subscriber/class-settings.js";
import { decoratorOf } from "../subscriber/marks.js";
import { textOf } from "../subscriber/names.js";
import type { Subscription } from "../subscriber/subscription.js";
import type { BusOptions } from "./bus-options.js";
import type { Carriage } from "./carriage.js";
import type { Route } from "./route.js";

export type StoreFault = readonly [fault: string, fix: string];

/** What a subscription asks for that its transport, which stores, does not have. */
export function storeFaults({ subscription, lane }: Route, transport: string): StoreFault[] {
  const place = typeof subscription.lane === "string" ? `lane ${subscription.lane}` : "its lane";
  return [
    ...nameFaults(subscription, transport),
    ...laneFaults(lane.limits.asked, place, transport),
    ...subscriptionFaults(subscription, transport),
  ];
}

/** What the options of a bus ask for that none of its transports has. */
export function busFaults({ delayedMax }: BusOptions, carriages: readonly Carriage[]): string[] {
  if (delayedMax === undefined || carriages.some(({ isStore }) => !isStore)) return [];
  return [
    "createBus asks for `delayedMax`, but every transport keeps what is delayed in its store. Remove `delayedMax`.",
  ];
}

/* What waits in a store waits under its name. */
function nameFaults(subscription: Subscription, transport: string): StoreFault[] {
  if (!subscription.derived) return [];
  const says = `has a name that follows the code, and ${transport} keeps what waits under its name`;
  return [[says, linesToAdd(subscription)]];
}

/* The store has room, and nobody waits for a place; what waits there is not counted here. */
function laneFaults(asked: LaneOptions, place: string, transport: string): StoreFault[] {
  const { overflow = "wait", concurrency } = asked;
  const faults: StoreFault[] = [];
  const remove = (option: string): string => `Remove \`${option}\` from the options of ${place}.`;
  if (overflow !== "wait")
    faults.push([
      `asks for overflow "${overflow}" in ${place}, but ${transport} keeps the queue in its store`,
      remove("overflow"),
    ]);
  for (const option of ["waitMax", "waitingMax"] as const)
    if (asked[option] !== undefined)
      faults.push([
        `asks for \`${option}\` in ${place}, but no publish waits for a place in the store of ${transport}`,
        remove(option),
      ]);
  if (typeof concurrency === "object")
    faults.push([
      `has slots by themselves in ${place}, but what waits in the store of ${transport} is not seen here`,
      `Give a number as \`concurrency\` of ${place}.`,
    ]);
  return faults;
}

/* It knows ids, and no function of ours. */
function subscriptionFaults({ options }: Subscription, transport: string): StoreFault[] {
  const { key, dedupe, debounce, audience, keyFailure } = options;
  const faults: StoreFault[] = [];
  if (keyFailure === "park" && audience === "each")
    faults.push([
      `parks keys and has the audience "each", but ${transport} would park them in every process at once`,
      'Give it `keyFailure: "continue"`, or `audience: "one"`.',
    ]);
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
  if (dedupe?.max !== undefined)
    faults.push([
      `asks for \`dedupe.max\`, but ${transport} remembers every id for the window`,
      "Remove `max`, and shorten the window where that is too much.",
    ]);
  return faults;
}

/* A method's name is its subscriber's and its own: what is missing of the two. */
function linesToAdd(subscription: Subscription): string {
  const { name, owner, options } = subscription;
  if (owner === undefined) return `Add \`name: "${stable(name)}"\` to its options.`;
  const end = name.lastIndexOf(`.${options.name ?? textOf(owner.method)}`);
  const outer = subscriberName(owner.target).derived && [stable(name.slice(0, end)), "@Subscriber"];
  const own = options.name === undefined && [stable(name.slice(end + 1)), decoratorOf(subscription)];
  const lines = [outer, own].filter((each) => each !== false);
  return `Add ${lines.map(([text, mark]) => `\`name: "${text}"\` to its ${mark}`).join(" and ")}.`;
}

function stable(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, "-");
}
