/** The subscriptions of a bus and the groups of its stores, as operators see them: listed, and removed for good. */
import type { Store } from "../transport/transport.js";
import type { Registry } from "./registry.js";
import type { Route } from "./route.js";
import type { OpenStores, StoredPort } from "./stored-port.js";

/** Asynchronous, since stores are asked, which have to be open: before `start()` and after `close()` such calls reject. */
export interface Subscriptions {
  /** Those of this bus, in order of their registration, then those that only a store knows. */
  list(): Promise<readonly SubscriptionEntry[]>;
  /**
   * Ends the subscription here, and deletes its group from every transport that stores, with what waits there and with its
   * dead letters. A `TypeError` where another bus consumes it. Harmless where nobody has the name.
   */
  remove(name: string): Promise<void>;
}
export interface SubscriptionEntry {
  readonly name: string;
  /** The names of its events, as this bus subscribes to them; empty where it does not. */
  readonly events: readonly string[];
  /** Undefined where this bus does not have it. */
  readonly lane: string | undefined;
  /** Kept by a store although no running bus, here or elsewhere, consumes it: what waits there waits for ever. */
  readonly orphaned: boolean;
  /** Deliveries that wait: in the lane of this bus, behind their keys and for retries, and in stores. */
  readonly waiting: number;
  /** When the oldest was sent of those that wait in stores. */
  readonly oldestAt: Date | undefined;
}

type Group = Awaited<ReturnType<Store["groups"]>>[number];

interface Found extends Group {
  readonly at: StoredPort;
}

export class AllSubscriptions implements Subscriptions {
  readonly #registry: Registry;
  readonly #openStores: OpenStores;

  constructor(registry: Registry, openStores: OpenStores) {
    this.#registry = registry;
    this.#openStores = openStores;
  }

  async list(): Promise<readonly SubscriptionEntry[]> {
    const groups = await this.#groups("subscriptions.list()");
    const of = (name: string): readonly Group[] => groups.filter(({ group }) => group === name);
    const routes = [...this.#registry.routes];
    const names = new Set(groups.map(({ group }) => group));
    for (const { name } of routes) names.delete(name);
    return [
      ...routes.map((route) => entryOf(route, of(route.name))),
      ...Array.from(names, (name) => strangerOf(name, of(name))),
    ];
  }

  async remove(name: string): Promise<void> {
    const groups = (await this.#groups("subscriptions.remove()")).filter(({ group }) => group === name);
    const route = this.#registry.route(name);
    const consumers = Math.max(0, ...groups.map((each) => each.consumers)) - (route === undefined ? 0 : 1);
    if (consumers > 0) throw consumedElsewhere(name, consumers);
    if (route !== undefined) this.#registry.remove(route);
    for (const store of new Set(groups.map(({ at }) => at.store))) await store.removeGroup(name);
  }

  async #groups(call: string): Promise<readonly Found[]> {
    const groups = this.#openStores(call).map(async (at) =>
      (await at.store.groups()).map((group) => ({ ...group, at })),
    );
    return (await Promise.all(groups)).flat();
  }
}

function entryOf(
  { name, subscription, lane, standings }: Route,
  groups: readonly Group[],
): SubscriptionEntry {
  const events = subscription.events.map((event) => event.eventName);
  const here = standings.waiting + standings.retrying;
  return { name, events, lane: lane.name, orphaned: false, ...backlogOf(groups, here) };
}

function strangerOf(name: string, groups: readonly Group[]): SubscriptionEntry {
  const orphaned = groups.every(({ consumers }) => consumers === 0);
  return { name, events: [], lane: undefined, orphaned, ...backlogOf(groups, 0) };
}

function backlogOf(groups: readonly Group[], here: number): Pick<SubscriptionEntry, "waiting" | "oldestAt"> {
  const oldest = Math.min(...groups.map(({ oldestAt = Infinity }) => oldestAt));
  return {
    waiting: groups.reduce((sum, { waiting }) => sum + waiting, here),
    oldestAt: oldest === Infinity ? undefined : new Date(oldest),
  };
}

function consumedElsewhere(name: string, consumers: number): TypeError {
  const who = consumers === 1 ? "Another bus consumes" : `${consumers} other buses consume`;
  return new TypeError(
    `${who} ${name}. Close those first; one that was killed counts until its lease has run out.`,
  );
}
