/** Which fault happens at a point: as written down by hand, or as a seed draws it. */
import { eventOf, type Fault } from "./fault.js";

/** A point at which a transport may fail. */
export interface FaultPoint {
  readonly on: Fault["on"];
  readonly event: string;
  /** Empty where something is sent. */
  readonly group: string;
  /** How often it has been handed out. */
  readonly deliveries: number;
  /** What it is settled as. */
  readonly settledAs?: string | undefined;
}

export interface FaultPlan {
  at(point: FaultPoint): Fault | undefined;
}

/** Numbers of a seed, at least 0 and below 1. */
export function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0; // mulberry32
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The faults of a list, the first that fits first. */
export class ListedFaults implements FaultPlan {
  readonly #faults: { readonly fault: Fault; left: number }[];
  readonly #chance: () => number;

  constructor(faults: readonly Fault[], chance: () => number) {
    this.#faults = faults.map((fault) => ({
      fault,
      left: fault.times ?? (fault.rate === undefined ? 1 : Infinity),
    }));
    this.#chance = chance;
  }

  at(point: FaultPoint): Fault | undefined {
    const hit = this.#faults.find((each) => each.left > 0 && this.#hits(each.fault, point));
    if (hit === undefined) return undefined;
    hit.left--;
    return hit.fault;
  }

  #hits(fault: Fault, { on, event, deliveries }: FaultPoint): boolean {
    if (fault.on !== on || (fault.event !== undefined && eventOf(fault) !== event)) return false;
    if (fault.rate === undefined) return true;
    const first = on === "settle" ? 1 : 0; // drawn faults alone must not make poison of an item
    return deliveries <= first && this.#chance() < fault.rate;
  }
}
/** What a seed draws from where no fault is named: everything that loses nothing and that no publisher must repeat. */
export const DRAWN: readonly Fault[] = [
  { on: "send", does: "duplicate", rate: 0.1 },
  { on: "deliver", does: "duplicate", rate: 0.1 },
  { on: "deliver", does: "delay", rate: 0.1 },
  { on: "deliver", does: "reorder", rate: 0.2 },
  { on: "deliver", does: "crash", rate: 0.03 },
  { on: "settle", does: "loseAnswer", rate: 0.1 },
  { on: "settle", does: "crash", rate: 0.03 },
  { on: "settle", does: "disconnect", rate: 0.02 },
];
