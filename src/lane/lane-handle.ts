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
  /** Deliveries that come in a second, on average over the last ten to twenty, as all the following. */
  readonly arrivalRate: number;
  /** How long an attempt runs; 0 where none has ended. */
  readonly serviceMs: number;
  /** The share of its slots that are taken, 0 to 1. */
  readonly utilisation: number;
  /** How long what comes now will wait: what waits × `serviceMs` / `concurrency`, or what the rate needs for it. */
  readonly predictedWaitMs: number;
  /** How many slots this arrival rate needs; undefined while nothing can be said. */
  readonly advice: string | undefined;
  readonly capacity: number;
  readonly isPaused: boolean;
  /**
   * May be set at any time: more start at once, fewer as soon as slots are free. Where `concurrency` was given a minimum
   * and a maximum it is the number of now, and what is set is where the lane goes on from.
   */
  concurrency: number;
  /** Nothing starts until `resume()`; what runs goes on. */
  pause(): void;
  resume(): void;
}
