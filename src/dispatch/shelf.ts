/** Where a bus keeps what is to outlive its process beside deliveries: the small records of its default transport's store. */
import type { Store } from "../transport/transport.js";

export interface Shelf {
  readonly store: Store;
  /** A process that is silent for so long has lost what it had. */
  readonly leaseMs: number;
}
