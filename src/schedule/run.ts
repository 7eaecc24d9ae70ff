/** A run of a schedule, as its runner sees it: it begins with a tick, may be cancelled, and is over at some time. */
import type { Receipt } from "../delivery/receipt.js";
import type { RunOutcome } from "../delivery/schedule.js";
import type { Tick } from "../task/tick.js";

export interface Run {
  /** A promise where it begins only when a store has it. */
  readonly receipt: Receipt | Promise<Receipt>;
  /** Ends it soon: what waits is given up, the signal of what runs aborts. */
  cancel(reason: string): void;
}

/** What is known of a run that may be begun again, in another process. */
export interface Again {
  /** That of its tick, each time. */
  readonly id: string;
  /** How often it was begun, this time included. */
  readonly times: number;
}

/** What a schedule does at its times. */
export interface Work {
  /** Begins a run; a throw means that it could not. `over` is told later how it ended; whatever is told after that counts for nothing. */
  begin(tick: Tick, over: (outcome: RunOutcome) => void, again?: Again): Run;
  /** The schedule was removed. */
  removed(): void;
}
