/** Where a case happens. */
import type { Runtime } from "../../runtime/runtime.js";

/** Where the transport of one case lives. */
export interface Place {
  /** Unique per case: what a store keeps its tables, streams or files apart by. `[a-z0-9_-]`, at most 40 characters. */
  readonly id: string;
  /** Where the transport gets its time and chance from; virtual where the subject declares virtual time. */
  readonly runtime: Runtime;
}
