/** The order of a lane: what is ready, in rings by priority; what stands behind its key; what waits for its retry. */
import type { Timer, Timers } from "../runtime/timers.js";
import { joinKey, leaveKey, supersede } from "./keys.js";
import type { Moment } from "../runtime/turn.js";
import type { Grower, Queued, Seed } from "./queued.js";
import { Ring } from "./ring.js";
import { isSeed, Rings } from "./rings.js";

interface Retry {
  readonly timer: Timer;
  /** On the monotonic clock. */
  readonly dueAt: number;
}

export class Line<T extends Queued> {
  waiting = 0;
  running = 0;
  readonly #rings = new Rings<T>();
  readonly #retrying = new Map<T, Retry>();
  /* In order of acceptance, only where the oldest may have to go. */
  readonly #arrivals: Ring<T> | undefined;
  readonly #timers: Timers;
  #grower: Grower<T> | undefined;
  readonly #onReady: () => void;

  constructor(timers: Timers, keepsArrivals: boolean, onReady: () => void) {
    this.#timers = timers;
    this.#arrivals = keepsArrivals ? new Ring<T>() : undefined;
    this.#onReady = onReady;
  }

  get ready(): number {
    return this.#rings.length;
  }

  get retrying(): number {
    return this.#retrying.size;
  }

  /** Whether seeds may wait here. */
  get takesSeeds(): boolean {
    return this.#grower !== undefined;
  }

  /** Only one subscription is served here. */
  servesOnly(grower: Grower<T>): void {
    if (this.#arrivals === undefined) this.#grower = grower;
  }

  /** A seed waits until its turn comes. */
  sow(seed: Seed): void {
    this.waiting++;
    this.#grower!.standings.waiting++;
    this.#push(seed);
  }

  join(queued: T, now: Moment): void {
    this.#waits(queued, now);
    if (this.#arrivals !== undefined) this.#arrive(this.#arrivals, queued);
    if (queued.key === undefined || joinKey(queued, queued.key)) this.#push(queued);
  }

  /** Puts the newcomer in the place of one of its key that never started; answers which. */
  supersede(newcomer: T, now: Moment): T | undefined {
    if (newcomer.key === undefined) return undefined;
    const older = supersede(newcomer, newcomer.key) as T | undefined;
    if (older === undefined) return undefined;
    this.#waits(newcomer, now);
    this.#leave(older);
    older.standing = "ended";
    return older;
  }

  /** The oldest that never started. */
  oldest(): T | undefined {
    const arrivals = this.#arrivals;
    for (let first = arrivals?.peek(); first !== undefined; first = arrivals?.peek()) {
      if (first.standing === "waiting" && first.attempts === 0) return first;
      arrivals?.shift();
    }
    return undefined;
  }

  take(): T {
    const entry = this.#rings.shift()!;
    const queued = isSeed(entry) ? this.#grower!.grow(entry) : entry;
    this.waiting--;
    this.running++;
    queued.standings.waiting--;
    queued.standings.running++;
    queued.standing = "running";
    return queued;
  }

  /** Leaves the slot and keeps its key; ready again after `ms`. */
  hold(queued: T, ms: number, now: () => Moment): void {
    this.#leave(queued);
    queued.standing = "retrying";
    queued.standings.retrying++;
    const due = (): void => {
      this.#leave(queued);
      this.#waits(queued, now());
      this.#push(queued);
    };
    this.#retrying.set(queued, { timer: this.#timers.after(ms, due, "retry"), dueAt: now().monotonic + ms });
  }

  /** Ends, wherever it stood; its key goes on. */
  end(queued: T): void {
    const stood = queued.standing;
    const wasReady = stood === "waiting" && isHead(queued);
    this.#leave(queued);
    queued.standing = "ended";
    if (wasReady) this.#rings.ended();
    const next = queued.key === undefined ? undefined : leaveKey(queued, queued.key);
    if (next === undefined) return;
    this.#rings.push(next as T);
    if (stood !== "running") this.#onReady(); // the slot of one that ran goes on by itself
  }

  /** What waits or retries, in no order of its own; whoever ends some of it must list it first. */
  standing(running: Iterable<T>): Iterable<T> {
    const grower = this.#grower;
    if (grower !== undefined) this.#rings.grow((seed) => grown(seed, grower));
    return this.entries(running) as Iterable<T>;
  }

  /** The same, with seeds as they are. */
  *entries(running: Iterable<T>): Generator<T | Seed> {
    for (const head of this.#rings)
      if (isSeed(head)) yield head;
      else yield* chainOf(head);
    for (const head of this.#retrying.keys()) yield* chainOf(head);
    for (const head of running) if (head.key !== undefined && isHead(head)) yield* behind(head);
  }

  /** What waits for a retry that is due after a moment of the monotonic clock. */
  *retryingAfter(moment: number): Generator<T> {
    for (const [queued, { dueAt }] of this.#retrying) if (dueAt > moment) yield queued;
  }

  #push(queued: T | Seed): void {
    this.#rings.push(queued);
    this.#onReady();
  }

  #waits(queued: T, now: Moment): void {
    queued.standing = "waiting";
    queued.waitingSince = now;
    queued.standings.waiting++;
    this.waiting++;
  }

  #leave(queued: T): void {
    const { standing, standings } = queued;
    if (standing === "waiting") {
      this.waiting--;
      standings.waiting--;
    } else if (standing === "running") {
      this.running--;
      standings.running--;
    } else if (standing === "retrying") {
      standings.retrying--;
      this.#retrying.get(queued)?.timer.cancel();
      this.#retrying.delete(queued);
    }
  }

  /* One that waits behind a long-running head would keep all that came after it in here. */
  #arrive(arrivals: Ring<T>, queued: T): void {
    if (arrivals.length > 2 * this.waiting + 16)
      arrivals.keep((each) => each.standing === "waiting" && each.attempts === 0);
    arrivals.push(queued);
  }
}

/* It waits already, and is counted. */
function grown<T extends Queued>(seed: Seed, grower: Grower<T>): T {
  const queued = grower.grow(seed);
  queued.standing = "waiting";
  return queued;
}

function isHead(queued: Queued): boolean {
  return queued.key === undefined || queued.keys.get(queued.key)?.head === queued;
}

function* chainOf<T extends Queued>(head: T): Generator<T> {
  yield head;
  yield* behind(head);
}

function* behind<T extends Queued>(head: T): Generator<T> {
  for (let next = head.behind; next !== undefined; next = next.behind)
    if (next.standing !== "ended") yield next as T;
}
