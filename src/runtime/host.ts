/** The host: where time and chance come from. */

/** A timer of the host; whoever set it cancels it. */
export interface HostTimer {
  cancel(): void;
}

export interface Host {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only go forward: what waits and durations are measured by. */
  monotonic(): number;
  /** Runs once, not before `ms` have passed; keeps the process alive until then. */
  timer(run: () => void, ms: number): HostTimer;
  /** Runs once the event loop has been round. */
  macrotask(run: () => void): void;
  /** At least 0, below 1. */
  random(): number;
  /** A prefix that no other bus has. */
  idPrefix(): string;
}
