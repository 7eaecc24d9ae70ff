/** A lane: a bounded queue with a concurrency limit. It knows places, order and slots, and nothing of events. */
import type { LaneNoticeName } from "../delivery/notice.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Timers } from "../runtime/timers.js";
import type { WaitNode } from "../runtime/wait-for.js";
import { AdmittingLane } from "./admitting-lane.js";
import { Autoscaler } from "./autoscaler.js";
import { Brake } from "./brake.js";
import { Gathering } from "./gathering.js";
import type { Lane } from "./lane-handle.js";
import type { LaneLimits } from "./lane-options.js";
import type { Queued, Seed } from "./queued.js";
import { isSeed } from "./rings.js";
import { type Runner, Slots, type Source } from "./slots.js";
import { Threads } from "./threads.js";

export type { Dropped, Verdict } from "./admitting-lane.js";
export type { Lane } from "./lane-handle.js";

/** Whoever runs the deliveries of a lane. */
export interface LaneRunner<T extends Queued> extends Runner<T> {
  /** Ends what waits in a full lane and is worth nothing any more. */
  relieve?(lane: BoundedLane<T>): void;
  /** Runs the first of several, and takes the others by itself. */
  readonly batches?: LaneRunner<T>;
}

export interface LaneWiring<T extends Queued> {
  readonly runtime: Runtime;
  readonly timers: Timers;
  readonly runner: LaneRunner<T>;
  readonly notify: (name: LaneNoticeName, lane: Lane) => void;
  /** Nothing runs here, and nothing will before a timer or a publish. */
  quiet(lane: BoundedLane<T>): void;
}

export class BoundedLane<T extends Queued> extends AdmittingLane<T> implements Lane, Source<T>, WaitNode {
  /** Deliveries that run and that `idle()` and `close()` do not wait for, since they wait for those. */
  excused = 0;
  /** Where its handlers run, if not here. */
  readonly threads: Threads | undefined;
  readonly #brake: Brake;
  readonly #slots: Slots<T>;
  readonly #autoscaler: Autoscaler | undefined;
  readonly #gathering: Gathering<T> | undefined;
  readonly #wiring: LaneWiring<T>;

  constructor(name: string, limits: LaneLimits, wiring: LaneWiring<T>) {
    super(name, limits, wiring);
    const { concurrency, batch, scaling, worker } = limits;
    const wake = (): void => this.#slots.wakeAll();
    this.#wiring = wiring;
    this.#brake = new Brake(limits, { ...wiring, onFree: wake });
    this.#gathering = batch && new Gathering(batch, wiring.timers, wake);
    this.#slots = new Slots(concurrency, this, wiring.runner, wiring.runtime);
    this.threads = worker && new Threads(worker, scaling?.max ?? concurrency);
    this.#autoscaler = scaling && new Autoscaler(scaling, this, wiring);
  }

  // ── What it looks like ────────────────────────────────────────────────────────────────────────────────────────

  get waiting(): number {
    return this.line.waiting;
  }
  get waitingPublishes(): number {
    return this.places.waiting;
  }
  get running(): number {
    return this.line.running;
  }
  get retrying(): number {
    return this.line.retrying;
  }
  get ready(): number {
    return this.line.ready;
  }
  get isPaused(): boolean {
    return this.#brake.isPaused;
  }
  get isBroken(): boolean {
    return this.#brake.isBroken;
  }

  protected get waitingSince(): number {
    let since = Infinity;
    for (const entry of this.line.entries(this.runningNow()))
      if (isSeed(entry)) since = Math.min(since, entry.moment.monotonic);
      else if (entry.standing === "waiting") since = Math.min(since, entry.waitingSince.monotonic);
    return since;
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
    return (
      this.ready === 0 ||
      this.#brake.isHolding ||
      this.#gathering?.isHolding(this.ready) === true ||
      this.running >= this.concurrency
    );
  }

  // ── Running ───────────────────────────────────────────────────────────────────────────────────────────────────

  mayStart(): boolean {
    if (this.#gathering?.mayStart(this.ready) === false) return false;
    return this.#brake.mayStart();
  }

  take(): T | undefined {
    const now = this.#wiring.runtime.turn.monotonic();
    const queued = this.line.take(now);
    if (queued === undefined) {
      this.#brake.ended(); // it may have been the probe of a breaker
      return undefined;
    }
    this.waits.add(now - queued.waitingSince.monotonic);
    this.places.release();
    if (now >= this.load.markAt) this.load.mark(this.totals);
    this.#autoscaler?.woken();
    this.#gathering?.running.add(queued);
    return queued;
  }

  /** Takes more for the slot that has just taken one. */
  takeMore(count: number): T[] {
    const more: T[] = [];
    while (more.length < count && this.ready > 0) {
      const queued = this.take();
      if (queued === undefined) break;
      more.push(queued);
    }
    this.#gathering?.taken(this.ready);
    return more;
  }

  protected becameReady(): void {
    if (this.#gathering === undefined || this.#gathering.isStarting(this.ready)) this.#slots.wake();
  }

  protected turned(isFull: boolean): void {
    this.#wiring.notify(isFull ? "lane.full" : "lane.free", this);
  }

  protected relieve(): void {
    this.#wiring.runner.relieve?.(this);
  }

  idle(): void {
    if (this.isQuiet) this.#wiring.quiet(this);
  }

  /** The delivery has ended, wherever it stood; its key goes on. */
  end(queued: T): void {
    if (queued.standing === "ended") return;
    const stood = queued.standing;
    this.line.end(queued);
    if (stood === "running") {
      this.#brake.ended();
      this.#gathering?.running.delete(queued);
    } else if (stood !== "apart") {
      if (stood === "waiting") this.load.gone++;
      this.places.release();
    }
  }

  /** The delivery leaves its slot, keeps its key and takes its place back; it is ready again after `ms`. */
  hold(queued: T, ms: number): void {
    this.claim();
    this.#gathering?.running.delete(queued);
    this.line.hold(queued, ms, () => this.#wiring.runtime.turn.moment());
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
    return this.#gathering?.running ?? this.#slots.running();
  }

  /** All that waits or retries; whoever ends some of it must list it first. */
  standing(): Iterable<T> {
    return this.line.standing(this.runningNow());
  }

  /** Whether the test accepts some of it, seeds as they are: costs nothing but the look. */
  hasStanding(accepts: (entry: T | Seed) => boolean): boolean {
    for (const entry of this.line.entries(this.runningNow())) if (accepts(entry)) return true;
    return false;
  }

  /** What waits for a retry that is due after a moment of the monotonic clock. */
  retryingAfter(moment: number): Iterable<T> {
    return this.line.retryingAfter(moment);
  }

  /** Whether nothing is left here but what waits for the very call that asks. */
  get isEmpty(): boolean {
    return this.waiting === 0 && this.retrying === 0 && this.running <= this.excused;
  }

  /** Whether nothing is here at all, and nobody has a place or waits for one. */
  get isUnused(): boolean {
    return this.isEmpty && this.running === 0 && this.places.held === 0 && this.waitingPublishes === 0;
  }

  /** The bus closes: nothing waits for company, nor for what may take its place. */
  hurry(): void {
    this.isHurried = true;
    this.#gathering?.hurry();
    this.line.hurry();
  }

  /** Leaves no timer behind. */
  stop(): void {
    this.#brake.stop();
    this.#gathering?.stop();
    this.#autoscaler?.stop();
    this.threads?.stop();
  }
}
