/** A lane: a bounded queue with a concurrency limit. It knows places, order and slots, and nothing of events. */
import type { LaneNoticeName } from "../delivery/notice.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Timers } from "../runtime/timers.js";
import type { WaitNode } from "../runtime/wait-for.js";
import { Brake } from "./brake.js";
import { Histogram, type Percentiles } from "./histogram.js";
import type { Lane } from "./lane-handle.js";
import type { LaneLimits } from "./lane-options.js";
import { Line } from "./line.js";
import { Places, type Waiter } from "./places.js";
import type { Grower, Queued, Seed } from "./queued.js";
import { isSeed } from "./rings.js";
import { type Runner, Slots, type Source } from "./slots.js";

export type { Lane } from "./lane-handle.js";

/** What a lane does with a newcomer: decided in one step for all lanes of a publish, carried out in a second. */
export type Verdict = "place" | "wait" | "refuse" | "evict";

/** A delivery that had to go: for a newcomer, or the newcomer itself. */
export interface Dropped<T> {
  readonly queued: T;
  readonly reason: "full" | "superseded" | "evicted";
}

export interface LaneWiring<T extends Queued> {
  readonly runtime: Runtime;
  readonly timers: Timers;
  readonly runner: Runner<T>;
  readonly notify: (name: LaneNoticeName, lane: Lane) => void;
  /** Nothing runs here, and nothing will before a timer or a publish. */
  quiet(lane: BoundedLane<T>): void;
}

export class BoundedLane<T extends Queued> implements Lane, Source<T>, WaitNode {
  readonly name: string;
  readonly limits: LaneLimits;
  handled = 0;
  failed = 0;
  dropped = 0;
  /** Deliveries that run and that `idle()` and `close()` do not wait for, since they wait for those. */
  excused = 0;
  readonly waits: Histogram = new Histogram();
  readonly runs: Histogram = new Histogram();
  readonly #places: Places;
  readonly #line: Line<T>;
  readonly #brake: Brake;
  readonly #slots: Slots<T>;
  readonly #wiring: LaneWiring<T>;

  constructor(name: string, limits: LaneLimits, wiring: LaneWiring<T>) {
    const wake = (): void => this.#slots.wakeAll();
    this.name = name;
    this.limits = limits;
    this.#wiring = wiring;
    this.#places = new Places(limits.capacity, (isFull) =>
      wiring.notify(isFull ? "lane.full" : "lane.free", this),
    );
    this.#line = new Line(wiring.timers, limits.overflow === "dropOldest", () => this.#slots.wake());
    this.#brake = new Brake(limits, { ...wiring, onFree: wake });
    this.#slots = new Slots(limits.concurrency, this, wiring.runner, wiring.runtime);
  }

  // ── What it looks like ────────────────────────────────────────────────────────────────────────────────────────

  get waiting(): number {
    return this.#line.waiting;
  }
  get waitingPublishes(): number {
    return this.#places.waiting;
  }
  get running(): number {
    return this.#line.running;
  }
  get retrying(): number {
    return this.#line.retrying;
  }
  get ready(): number {
    return this.#line.ready;
  }
  get waitMs(): Percentiles {
    return this.waits.percentiles();
  }
  get runMs(): Percentiles {
    return this.runs.percentiles();
  }
  get capacity(): number {
    return this.limits.capacity;
  }
  get isPaused(): boolean {
    return this.#brake.isPaused;
  }
  get isBroken(): boolean {
    return this.#brake.isBroken;
  }

  get oldest(): Date | undefined {
    let since = Infinity;
    for (const entry of this.#line.entries(this.#slots.running()))
      if (isSeed(entry)) since = Math.min(since, entry.moment.monotonic);
      else if (entry.standing === "waiting") since = Math.min(since, entry.waitingSince.monotonic);
    const { host } = this.#wiring.runtime;
    return since === Infinity ? undefined : new Date(host.now() - (host.monotonic() - since));
  }

  get concurrency(): number {
    return this.#slots.concurrency;
  }
  set concurrency(value: number) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new TypeError(`Expected the concurrency of lane \`${this.name}\` to be an integer from 1 up.`);
    this.#slots.concurrency = value;
  }

  /**
   * Whether nothing happens here before a timer or a publish; a full lane that is held back holds its publishes too, and
   * so do slots that are all taken by those who wait for the quiet.
   */
  get isQuiet(): boolean {
    if (this.running > this.excused) return false;
    return this.ready === 0 || this.#brake.isHolding || this.running >= this.concurrency;
  }

  // ── Taking in ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * What becomes of a newcomer. After `place` a place is claimed for it, so that `place()` or `release()` must follow;
   * after `wait`, `wait()`; after `evict`, `placeOrDrop()`. `waitsToBe` is how many of the same publish will wait already.
   */
  judge(waitsToBe: number): Verdict {
    if (this.limits.overflow === "coalesce") return "evict";
    if (this.#places.isOpen) return this.claim();
    if (this.limits.overflow === "wait")
      return this.#places.waitingUnowed + waitsToBe < this.limits.waitingMax ? "wait" : "refuse";
    return this.limits.overflow === "reject" ? "refuse" : "evict";
  }

  /** Whether there is a place for each of so many newcomers, and nobody is overtaken or superseded. */
  hasRoomFor(count: number): boolean {
    return this.limits.overflow !== "coalesce" && this.#places.isOpenFor(count);
  }

  /** Claims a place, whether there is one or not. */
  claim(): "place" {
    this.#places.held++;
    return "place";
  }

  /** Whether the reserve, as large as the capacity again, is used up. */
  get isReserveUsed(): boolean {
    return this.#places.held >= 2 * this.capacity;
  }

  /** Gives a claimed place back, perhaps the last that kept the lane. */
  release(): void {
    this.#places.release();
    this.idle();
  }

  /** Puts a delivery in the place that was claimed for it. */
  place(queued: T): void {
    this.#line.join(queued, this.#wiring.runtime.turn.moment());
  }

  /** Whether it takes seeds: it serves one subscription only, and nobody may have to go. */
  get takesSeeds(): boolean {
    return this.#line.takesSeeds;
  }

  servesOnly(grower: Grower<T>): void {
    this.#line.servesOnly(grower);
  }

  /** Puts a seed in the place that was claimed for it. */
  sow(seed: Seed): void {
    this.#line.sow(seed);
  }

  /** Places a newcomer where the overflow policy drops; answers who had to go, the newcomer perhaps. */
  placeOrDrop(queued: T): Dropped<T> | undefined {
    if (this.limits.overflow === "coalesce") {
      const superseded = this.#line.supersede(queued, this.#wiring.runtime.turn.moment());
      if (superseded !== undefined) return { queued: superseded, reason: "superseded" };
    }
    if (this.#places.isOpen) {
      this.claim();
      this.place(queued);
      return undefined;
    }
    const evicted = this.#line.oldest();
    if (evicted === undefined) return { queued, reason: "full" };
    this.#line.end(evicted);
    this.place(queued); // in the place of the evicted one: retries may hold more places than there are
    return { queued: evicted, reason: "evicted" };
  }

  /** A publish waits for a place, first in, first out. */
  wait(waiter: Waiter): void {
    this.#places.wait(waiter);
  }
  stopWaiting(waiter: Waiter): void {
    this.#places.stopWaiting(waiter);
  }

  // ── Running ───────────────────────────────────────────────────────────────────────────────────────────────────

  mayStart(): boolean {
    return this.#brake.mayStart();
  }

  take(): T {
    const queued = this.#line.take();
    this.waits.add(this.#wiring.runtime.turn.monotonic() - queued.waitingSince.monotonic);
    this.#places.release();
    return queued;
  }

  idle(): void {
    if (this.isQuiet) this.#wiring.quiet(this);
  }

  /** The delivery has ended, wherever it stood; its key goes on. */
  end(queued: T): void {
    if (queued.standing === "ended") return;
    const stood = queued.standing;
    this.#line.end(queued);
    if (stood === "running") this.#brake.ended();
    else if (stood !== "apart") this.#places.release();
  }

  /** The delivery leaves its slot, keeps its key and takes its place back; it is ready again after `ms`. */
  hold(queued: T, ms: number): void {
    this.claim();
    this.#line.hold(queued, ms, () => this.#wiring.runtime.turn.moment());
  }

  /** Tells the breaker how an attempt went. */
  attempted(isFailure: boolean): void {
    const change = this.#brake.attempted(isFailure);
    if (change === undefined) return;
    this.#wiring.notify(change === "stops" ? "lane.paused" : "lane.resumed", this);
    if (change === "goes on") this.#slots.wakeAll();
  }

  pause(): void {
    if (this.isPaused) return;
    this.#brake.isPaused = true;
    this.#wiring.notify("lane.paused", this);
    this.idle();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.#brake.isPaused = false;
    this.#wiring.notify("lane.resumed", this);
    this.#slots.wakeAll();
  }

  /** What runs now. */
  runningNow(): Iterable<T> {
    return this.#slots.running();
  }

  /** All that waits or retries; whoever ends some of it must list it first. */
  standing(): Iterable<T> {
    return this.#line.standing(this.#slots.running());
  }

  /** What waits for a retry that is due after a moment of the monotonic clock. */
  retryingAfter(moment: number): Iterable<T> {
    return this.#line.retryingAfter(moment);
  }

  /** Whether nothing is left here but what waits for the very call that asks. */
  get isEmpty(): boolean {
    return this.waiting === 0 && this.retrying === 0 && this.running <= this.excused;
  }

  /** Whether nothing is here at all, and nobody has a place or waits for one. */
  get isUnused(): boolean {
    return this.isEmpty && this.running === 0 && this.#places.held === 0 && this.waitingPublishes === 0;
  }

  /** Leaves no timer behind. */
  stop(): void {
    this.#brake.stop();
  }
}
