/** What must hold of the lanes and counts of a bus whenever somebody looks, and in the end. */
import type { Bus, Lane } from "../../index.js";

/* The lanes of a bus have more to tell than applications may ask. */
interface InnerLane extends Lane {
  readonly ready: number;
  readonly excused: number;
  readonly isBroken: boolean;
  readonly isUnused: boolean;
  readonly limits: { readonly rate: unknown };
}

export class LaneChecks {
  readonly #bus: Bus;
  /* More may run than the concurrency says: those that started before it fell. */
  readonly #running = new Map<string, number>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** What does not hold now; `isQuiet` where nothing goes on but by a timer. */
  *faults(isQuiet: boolean): Generator<[name: string, facts: string]> {
    for (const lane of this.#bus.lanes.values()) yield* this.#laneFaults(lane as InnerLane, isQuiet);
  }

  /** A slot of a lane with this name, here or in another bus, has taken a delivery; answers what is wrong with that. */
  takes(name: string): string | undefined {
    const lane = this.#bus.lanes.get(name);
    if (lane === undefined) return undefined;
    const { running, concurrency } = lane;
    const isNew = running > (this.#running.get(name) ?? 0);
    this.#running.set(name, running);
    return isNew && running > concurrency ? `${name}: ${running} run of ${concurrency}` : undefined;
  }

  /** Counts that do not add up now. */
  *mismatches(): Generator<[name: string, facts: string]> {
    for (const { name, counts } of this.#bus.describe().subscriptions) {
      const { routed, ...parts } = counts;
      let sum = 0;
      for (const part of Object.values(parts)) sum += part;
      if (sum !== routed) yield ["counts add up", `${name}: ${sum} of ${routed} ${JSON.stringify(parts)}`];
    }
  }

  *#laneFaults(lane: InnerLane, isQuiet: boolean): Generator<[name: string, facts: string]> {
    const { name, running, concurrency } = lane;
    this.#running.set(name, running);
    if (lane.waiting < 0 || running < 0 || lane.retrying < 0 || lane.waitingPublishes < 0)
      yield ["counts add up", `${name}: ${lane.waiting} wait, ${running} run`];
    const isHeld = lane.isPaused || lane.isBroken || lane.limits.rate !== undefined;
    if (isQuiet && !isHeld && lane.ready > 0 && running < concurrency)
      yield ["whoever is ready starts", `${name}: ${lane.ready} are ready, ${running} of ${concurrency} run`];
  }

  /** What is left when everything has ended. */
  *leftovers(): Generator<[name: string, facts: string]> {
    for (const { name, counts } of this.#bus.describe().subscriptions)
      if (counts.waiting + counts.running + counts.retrying > 0)
        yield ["nothing accepted is lost", `${name}: ${JSON.stringify(counts)}`];
    for (const lane of this.#bus.lanes.values())
      if (!(lane as InnerLane).isUnused)
        yield ["everything is quiet in the end", `${lane.name} holds a place`];
  }
}
