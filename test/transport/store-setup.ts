/** What the tests of stores share: a bus on a store in memory with one subscription, and an envelope from elsewhere. */
import { type BusOptions, type Delivery, type Features, type SubscriptionOptions } from "../../src/index.js";
import { Ping } from "../dispatch/setup.js";
import { virtualBus } from "../support/virtual.js";
import { ShelfStore } from "./transports.js";

export async function setup({
  features = {},
  options = {},
  handler = () => undefined,
  busOptions = {},
}: {
  features?: Partial<Features>;
  options?: SubscriptionOptions<Ping>;
  handler?: (event: Ping, delivery: Delivery) => unknown;
  busOptions?: BusOptions;
} = {}) {
  const store = new ShelfStore(features);
  const made = virtualBus({ transport: store, ...busOptions });
  const undo = made.bus.on(Ping, { name: "a", ...options }, handler);
  await made.bus.start();
  return { ...made, store, undo, kinds: () => store.settled.map(({ settlement }) => settlement.kind) };
}

const body = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
/** As another process would have sent it. */
export const wire = (name: string, data: unknown, more: Record<string, string> = {}) => ({
  id: "w-1",
  name,
  key: undefined,
  priority: 3,
  dueAt: undefined,
  expiresAt: undefined,
  headers: {
    "ce-specversion": "1.0",
    "ce-id": "w-1",
    "ce-source": "/elsewhere",
    "ce-type": name,
    "content-type": "application/json",
    ...more,
  },
  body: body(data),
});
