/** How deliveries come into a lane: who finds a place, who waits for one, who goes for whom. */
import type { Moment } from "../runtime/turn.js";
import type { Timers } from "../runtime/timers.js";
import type { Runtime } from "../runtime/runtime.js";
import { Arrivals } from "./arrivals.js";
import { KeyRate } from "./key-rate.js";
import type { LaneLimits } from "./lane-options.js";
import { Line } from "./line.js";
import { MeasuredLane } from "./measured-lane.js";
import { Places, type Waiter } from "./places.js";
import type { Grower, Queued, Seed } from "./queued.js";

/** What a lane does with a newcomer: decided in one step for all lanes of a publish, carried out in a second. */
export type Verdict = "place" | "wait" | "refuse" | "evict";

/** A delivery that had to go: for a newcomer, or the newcomer itself. */
export interface Dropped<T> {
  readonly queued: T;
  readonly reason: "full" | "superseded" | "evicted" | "shed";
}

/* Looking for what has expired in a full lane means to look at all of it. */
const RELIEF_MS = 100;

export abstract class AdmittingLane<T extends Queued> extends MeasuredLane {
  protected readonly places: Places;
  protected readonly line: Line<T>;
  readonly #runtime: Runtime;
  #reliefAt = -Infinity;
  /** The bus closes: nothing waits longer than it must. */
  protected isHurried = false;

  constructor(name: string, limits: LaneLimits, { runtime, timers }: { runtime: Runtime; timers: Timers }) {
    super(name, limits, runtime);
    const { capacity, overflow, rate } = limits;
    this.#runtime = runtime;
    this.places = new Places(capacity, (isFull) => this.turned(isFull));
    this.line = new Line(timers, () => this.becameReady(), {
      arrivals:
        overflow === "dropOldest" || overflow === "shed" ? new Arrivals(overflow === "shed") : undefined,
      keyRate: rate?.isByKey === true ? new KeyRate(rate.limit, rate.intervalMs) : undefined,
    });
  }

  /** It counts as full from now on, or no more. */
  protected abstract turned(isFull: boolean): void;
  /** One more is ready. */
  protected abstract becameReady(): void;
  /** Ends what waits and is worth nothing any more. */
  protected abstract relieve(): void;
  /** Has a slot nothing to do? */
  abstract idle(): void;

  /**
   * What becomes of a newcomer. After `place` a place is claimed for it, so that `place()` or `release()` must follow;
   * after `wait`, `wait()`; after `evict`, `placeOrDrop()`. `waitsToBe` is how many of the same publish will wait already.
   */
  judge(waitsToBe: number): Verdict {
    if (this.limits.overflow === "coalesce") return "evict";
    if (this.places.isOpen || this.#isRelieved()) return this.claim();
    if (this.limits.overflow === "wait")
      return this.places.waitingUnowed + waitsToBe < this.limits.waitingMax ? "wait" : "refuse";
    return this.limits.overflow === "reject" ? "refuse" : "evict";
  }

  /** Whether there is a place for each of so many newcomers, and nobody is overtaken or superseded. */
  hasRoomFor(count: number): boolean {
    return this.limits.overflow !== "coalesce" && this.places.isOpenFor(count);
  }

  /** Claims a place, whether there is one or not. */
  claim(): "place" {
    this.places.held++;
    return "place";
  }

  /** Whether the reserve, as large as the capacity again, is used up. */
  get isReserveUsed(): boolean {
    return this.places.held >= 2 * this.capacity;
  }

  /** Gives a claimed place back, perhaps the last that kept the lane. */
  release(): void {
    this.places.release();
    this.idle();
  }

  /** Puts a delivery in the place that was claimed for it. */
  place(queued: T): void {
    this.line.join(queued, this.#moment);
  }

  /** Whether it takes seeds: it serves one subscription only, and nobody may have to go. */
  get takesSeeds(): boolean {
    return this.line.takesSeeds;
  }

  servesOnly(grower: Grower<T>): void {
    this.line.servesOnly(grower);
  }

  /** Puts a seed in the place that was claimed for it. */
  sow(seed: Seed): void {
    this.line.sow(seed);
  }

  /** Places a newcomer where the overflow policy drops; answers who had to go, the newcomer perhaps. */
  placeOrDrop(queued: T, place: () => void = () => this.place(queued)): Dropped<T> | undefined {
    if (this.limits.overflow === "coalesce") {
      const superseded = this.line.supersede(queued, this.#moment);
      if (superseded !== undefined) return this.#dropped(superseded, "superseded");
    }
    if (this.places.isOpen) {
      this.claim();
      place();
      return undefined;
    }
    const evicted = this.line.firstToGo(queued);
    if (evicted === undefined) return this.#dropped(queued, "full");
    this.line.end(evicted);
    place(); // in the place of the evicted one: retries may hold more places than there are
    return this.#dropped(evicted, this.limits.overflow === "shed" ? "shed" : "evicted");
  }

  /** Puts a delivery in the place that was claimed for it, where it is not ready, nor in the order of its key, before `ms`. */
  placeLater(queued: T, ms: number, onLeft: () => void): void {
    this.line.joinLater(queued, this.isHurried ? 0 : ms, { now: this.#moment, onLeft });
  }

  #dropped(queued: T, reason: Dropped<T>["reason"]): Dropped<T> {
    this.load.gone++;
    return { queued, reason };
  }

  #isRelieved(): boolean {
    const now = this.#moment.monotonic;
    if (now < this.#reliefAt) return false;
    this.#reliefAt = now + RELIEF_MS;
    this.relieve();
    return this.places.isOpen;
  }

  /** A publish waits for a place, first in, first out. */
  wait(waiter: Waiter): void {
    this.places.wait(waiter);
  }
  stopWaiting(waiter: Waiter): void {
    this.places.stopWaiting(waiter);
  }

  get #moment(): Moment {
    return this.#runtime.turn.moment();
  }
}
