/** A run of a schedule, as its runner sees it: it begins with a tick, may be cancelled, and is over at some time. */
import type { Receipt } from "../delivery/receipt.js";
import type { RunOutcome } from "../delivery/schedule.js";
import type { Tick } from "../task/tick.js";

export interface Run {
  readonly receipt: Receipt;
  /** Ends it soon: what waits is given up, the signal of what runs aborts. */
  cancel(reason: string): void;
}

/** What a schedule does at its times. */
export interface Work {
  /** Begins a run; a throw means that it could not. `over` is told later how it ended; whatever is told after that counts for nothing. */
  begin(tick: Tick, over: (outcome: RunOutcome) => void): Run;
  /** The schedule was removed. */
  removed(): void;
}
