/** What applications have in their hands of a lane. */
import type { Percentiles } from "./histogram.js";

/** A lane as applications see it. Counts are of now; times are milliseconds. */
export interface Lane {
  readonly name: string;
  /** Admitted deliveries that wait for a slot, those behind their key included. */
  readonly waiting: number;
  /** Publishes that wait for a place. */
  readonly waitingPublishes: number;
  readonly running: number;
  /** Deliveries that wait for their retry. */
  readonly retrying: number;
  /** Since when the oldest delivery waits. */
  readonly oldest: Date | undefined;
  readonly handled: number;
  /** Attempts that failed. */
  readonly failed: number;
  readonly dropped: number;
  readonly waitMs: Percentiles;
  /** Measured for one delivery in 64, and for each that was longer than a turn of the event loop. */
  readonly runMs: Percentiles;
  readonly capacity: number;
  readonly isPaused: boolean;
  /** May be set at any time: more start at once, fewer as soon as slots are free. */
  concurrency: number;
  /** Nothing starts until `resume()`; what runs goes on. */
  pause(): void;
  resume(): void;
}
