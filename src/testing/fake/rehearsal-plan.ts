/** The faults of a rehearsal: what every broker does some day, and nothing that a suite would have to wait for. */
import type { Fault } from "./fault.js";
import type { FaultPlan, FaultPoint } from "./fault-plan.js";

/** What a rehearsal does to deliveries. */
export interface RehearsalFaults {
  readonly redelivers: boolean;
  readonly reorders: boolean;
}

/* So often a subscription gets an event of one name again in any case: a seed must not decide who is tried. */
const ALWAYS_MAX = 3;
/* Past that, so that a chain of events that each cause others does not double at every link. */
const REDELIVERED_RATE = 0.1;
const REORDERED_RATE = 0.5;

export class RehearsalPlan implements FaultPlan {
  readonly #faults: RehearsalFaults;
  readonly #chance: () => number;
  readonly #handedOut = new Map<string, number>();
  readonly #redelivered = new Map<string, number>();

  constructor(faults: RehearsalFaults, chance: () => number) {
    this.#faults = faults;
    this.#chance = chance;
  }

  at(point: FaultPoint): Fault | undefined {
    if (point.on === "deliver" && this.#isReordered(point)) return { on: "deliver", does: "reorder" };
    if (point.on === "settle" && this.#isRedelivered(point)) return { on: "settle", does: "loseAnswer" };
    return undefined;
  }

  /* The first of a subscription lets the second pass in any case; after that chance decides. */
  #isReordered({ deliveries, group }: FaultPoint): boolean {
    if (!this.#faults.reorders || deliveries > 0) return false;
    const before = this.#handedOut.get(group) ?? 0;
    this.#handedOut.set(group, before + 1);
    return before === 0 || (before > 1 && this.#chance() < REORDERED_RATE);
  }

  /* Only what was done: after anything else there is nothing to do twice. */
  #isRedelivered({ deliveries, settledAs, group, event }: FaultPoint): boolean {
    if (!this.#faults.redelivers || deliveries !== 1 || settledAs !== "done") return false;
    const name = `${group} ${event}`;
    const before = this.#redelivered.get(name) ?? 0;
    const isHit = before < ALWAYS_MAX || this.#chance() < REDELIVERED_RATE;
    if (isHit) this.#redelivered.set(name, before + 1);
    return isHit;
  }
}
