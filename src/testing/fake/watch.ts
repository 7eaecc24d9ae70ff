/** What a fake transport tells of itself. */
import type { Item, Settlement, WireEnvelope } from "../../index.js";
import type { Fault } from "./fault.js";

/** A fault that happened. */
export interface Injected extends Pick<Fault, "on" | "does"> {
  /** The name of the event. */
  readonly event: string;
  /** Empty where something was sent. */
  readonly group: string;
}

/** Told what passes, for whoever writes a report. */
export interface Watch {
  /** `overtook` are those that came first and have been held back. */
  handedOut?(item: Item, overtook: readonly WireEnvelope[]): void;
  sent?(batch: readonly WireEnvelope[]): void;
  /** Told before anything becomes of it, whether or not it gets through. */
  settled?(item: Item, settlement: Settlement): void;
}
