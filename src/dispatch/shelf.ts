/** Where a bus keeps what is to outlive its process beside deliveries: the small records of its default transport's store. */
import type { Store, Transport } from "../transport/transport.js";

export interface Shelf {
  readonly store: Store;
  /** A process that is silent for so long has lost what it had. */
  readonly leaseMs: number;
}

/* Of a store without leases of its own. */
const LEASE_MS = 30_000;

/** That of a transport; undefined where its store does not hold the queue. */
export function shelfOf({ store, features: { holds, leaseMs } }: Transport): Shelf | undefined {
  if (store === undefined || holds !== "store") return undefined;
  return { store, leaseMs: leaseMs > 0 ? leaseMs : LEASE_MS };
}
