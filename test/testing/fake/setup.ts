/** What the tests of the fake transport share: a bus on it, one subscription, and what it saw. */
import type { BusOptions, Delivery, Features, SubscriptionOptions } from "../../../src/index.js";
import { type Fault, fakeTransport } from "../../../src/testing/fake/fake-transport.js";
import { Keyed, Ping } from "../../dispatch/setup.js";
import { virtualBus, VirtualTime } from "../../support/virtual.js";

export type AnyPing = Ping | Keyed;

export async function setup({
  faults,
  seed,
  features,
  options = {},
  handler = () => undefined,
  busOptions = {},
}: {
  faults?: readonly Fault[];
  seed?: number;
  features?: Partial<Features>;
  options?: SubscriptionOptions<AnyPing>;
  handler?: (event: AnyPing, delivery: Delivery) => unknown;
  busOptions?: BusOptions;
} = {}) {
  const time = new VirtualTime();
  const transport = fakeTransport({ faults, seed, features }).runOn(time.runtime.host);
  const made = virtualBus({ transport, ...busOptions }, time);
  const seen: string[] = [];
  made.bus.on([Ping, Keyed], { name: "a", ...options }, (event, delivery) => {
    seen.push(`${"key" in event ? event.key : ""}${event.n}/${delivery.deliveries}`);
    return handler(event, delivery) as never;
  });
  await made.bus.start();
  return { ...made, transport, seen };
}

export const store = { holds: "store" } as const;
