/** The subscriptions of a bus, as operators see them: listed, and removed for good. */
import type { Carriages } from "./carriages.js";
import type { Registry } from "./registry.js";

export interface Subscriptions {
  list(): readonly SubscriptionEntry[];
  /** Ends the subscription here, and deletes its group from a transport that stores. */
  remove(name: string): Promise<void>;
}
export interface SubscriptionEntry {
  readonly name: string;
  readonly events: readonly string[];
  readonly lane: string;
  /** Kept by a store although nobody here has this name. */
  readonly orphaned: boolean;
}

export function subscriptionsIn(registry: Registry, carriages: Carriages): Subscriptions {
  return {
    list: () =>
      [...registry.routes].map(({ name, subscription, lane }) => ({
        name,
        events: subscription.events.map((event) => event.eventName),
        lane: lane.name,
        orphaned: false,
      })),
    async remove(name) {
      const route = registry.route(name);
      if (route !== undefined) registry.remove(route);
      for (const { transport } of carriages.ports) await transport.store?.removeGroup(name);
    },
  };
}
