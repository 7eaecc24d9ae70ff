/** What a lane needs to know of the deliveries that it queues; dispatch's ticket is one. */

import type { Moment } from "../runtime/turn.js";

/** Where a delivery stands: `apart` before it is placed. */
export type Standing = "apart" | "waiting" | "running" | "retrying" | "ended";

/** Per subscription: how many of its deliveries stand where. */
export interface Standings {
  waiting: number;
  running: number;
  retrying: number;
}

/** Exists while the key is active, and is gone when the key is idle. */
export interface KeyQueue {
  head: Queued;
  last: Queued;
  /** What the ring holds in the head's place, once the head has been superseded. */
  entry: Queued | undefined;
}

/** The keys of one subscription in a lane: order is per subscription and key. */
export type KeyTable = Map<string, KeyQueue>;

export interface Queued {
  readonly standings: Standings;
  readonly keys: KeyTable;
  readonly key: string | undefined;
  /** 0 to 7, 7 first. */
  readonly priority: number;
  standing: Standing;
  /** Attempts so far; a delivery that never started may be dropped or superseded. */
  attempts: number;
  /** The one behind it in the queue of its key. */
  behind: Queued | undefined;
  /** The one that took its place: what a ring finds here, it runs instead. */
  successor: Queued | undefined;
  /** Since when it waits. */
  waitingSince: Moment;
}

/**
 * What a delivery grows from when its turn comes, so that what waits is small. Only where
 * nothing tells it from its neighbours: no key, one subscription in the lane, nobody who has to go.
 */
export interface Seed {
  readonly priority: number;
  /** Since when it waits. */
  readonly moment: Moment;
  readonly standing?: undefined;
}

/** Makes the deliveries of one subscription from its seeds. */
export interface Grower<T extends Queued> {
  readonly standings: Standings;
  grow(seed: Seed): T;
}
