/** The one signature of everything that stands around a handler. */
import type { Delivery } from "./delivery.js";
import type { Outcome } from "./outcome.js";

/**
 * One piece of the pipeline around a handler. `next()` runs the rest and resolves to its outcome, or rejects with what
 * the handler threw; what leaves the outermost step as an error becomes a failure. A second `next()` throws.
 */
export interface Step {
  (delivery: Delivery, next: () => Promise<Outcome>): Promise<Outcome>;
  /** One line for `bus.describe()`. */
  about?: string;
}
