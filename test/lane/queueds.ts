/** Deliveries as a lane knows them, without the rest of the house. */
import type { Moment } from "../../src/runtime/turn.js";
import type { KeyTable, Queued, Standings } from "../../src/lane/queued.js";

/** A moment of the monotonic clock. */
export function momentAt(monotonic: number): Moment {
  return { wall: monotonic, monotonic, turn: 0 };
}

export interface Item extends Queued {
  readonly label: string;
}

/** One subscription: its deliveries share counts and keys. */
export function subscription() {
  const standings: Standings = { waiting: 0, running: 0, retrying: 0 };
  const keys: KeyTable = new Map();
  const item = (label: string, { key, priority = 3 }: { key?: string; priority?: number } = {}): Item => ({
    label,
    standings,
    keys,
    key,
    priority,
    standing: "apart",
    attempts: 0,
    behind: undefined,
    successor: undefined,
    waitingSince: momentAt(0),
  });
  return { standings, keys, item };
}

export function labels(items: Iterable<Item>): string {
  return Array.from(items, (each) => each.label).join("");
}
