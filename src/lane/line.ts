/** The order of a lane: what is ready, in rings by priority; what stands behind its key or aside; what waits for its retry. */
import type { Timer, Timers } from "../runtime/timers.js";
import type { Arrivals } from "./arrivals.js";
import { Aside } from "./aside.js";
import type { KeyRate } from "./key-rate.js";
import { joinKey, leaveKey, supersede } from "./keys.js";
import type { Moment } from "../runtime/turn.js";
import type { Grower, Queued, Seed } from "./queued.js";
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
  readonly #aside: Aside<T>;
  /* Those of them that stand in no order yet. */
  readonly #later = new Map<T, () => void>();
  /* Only where somebody may have to go. */
  readonly #arrivals: Arrivals<T> | undefined;
  readonly #keyRate: KeyRate | undefined;
  readonly #timers: Timers;
  #grower: Grower<T> | undefined;
  readonly #onReady: () => void;

  constructor(
    timers: Timers,
    onReady: () => void,
    { arrivals, keyRate }: { arrivals?: Arrivals<T> | undefined; keyRate?: KeyRate | undefined } = {},
  ) {
    this.#timers = timers;
    this.#aside = new Aside(timers);
    this.#onReady = onReady;
    this.#arrivals = arrivals;
    this.#keyRate = keyRate;
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
    this.#arrivals?.add(queued, this.waiting);
    this.#line(queued);
  }

  /** Waits, and joins the order of its key after `ms` only; told when it does, or ends before. */
  joinLater(queued: T, ms: number, { now, onLeft }: { now: Moment; onLeft: () => void }): void {
    this.#waits(queued, now);
    this.#arrivals?.add(queued, this.waiting);
    this.#later.set(queued, onLeft);
    this.#aside.put(queued, ms, () => {
      this.#joins(queued);
      this.#line(queued);
    });
  }

  /** What would join later joins now. */
  hurry(): void {
    this.#aside.hurry((queued) => this.#later.has(queued));
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

  /** Who has to go for a newcomer. */
  firstToGo(newcomer: T): T | undefined {
    return this.#arrivals?.firstToGo(newcomer);
  }

  /** The next to run; none where all that are ready have to wait for the rate of their key. */
  take(now: number): T | undefined {
    const entry = this.#keyRate === undefined ? this.#rings.shift()! : this.#unlimited(this.#keyRate, now);
    if (entry === undefined) return undefined;
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
    const wasReady = stood === "waiting" && !this.#leaveAside(queued) && isHead(queued);
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
    for (const head of this.#aside) yield* chainOf(headOf(head));
    for (const head of running) if (head.key !== undefined && isHead(head)) yield* behind(head);
  }

  /** What waits for a retry that is due after a moment of the monotonic clock. */
  *retryingAfter(moment: number): Generator<T> {
    for (const [queued, { dueAt }] of this.#retrying) if (dueAt > moment) yield queued;
  }

  #line(queued: T): void {
    if (queued.key === undefined || joinKey(queued, queued.key)) this.#push(queued);
  }

  /* What has used up the rate of its key waits aside, so that no slot waits with it. */
  #unlimited(rate: KeyRate, now: number): T | Seed | undefined {
    for (;;) {
      const entry = this.#rings.shift();
      if (entry === undefined || isSeed(entry) || entry.key === undefined) return entry;
      const ms = rate.take(entry.key, now);
      if (ms === 0) return entry;
      const queue = entry.keys.get(entry.key);
      if (queue !== undefined) queue.entry = undefined; // no ring holds anything in its place any more
      this.#aside.put(entry, ms, () => this.#push(entry));
    }
  }

  #joins(queued: T): void {
    this.#later.get(queued)?.();
    this.#later.delete(queued);
  }

  /* A head that has been superseded stands aside for the one that took its place. */
  #leaveAside(queued: T): boolean {
    this.#joins(queued);
    const entry = queued.key === undefined ? undefined : queued.keys.get(queued.key)?.entry;
    return (
      this.#aside.remove(queued) || (entry !== undefined && isHead(queued) && this.#aside.remove(entry as T))
    );
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
}

/* It waits already, and is counted. */
function grown<T extends Queued>(seed: Seed, grower: Grower<T>): T {
  const queued = grower.grow(seed);
  queued.standing = "waiting";
  return queued;
}

/* The one that took its place, where it has been superseded. */
function headOf<T extends Queued>(entry: T): T {
  return (entry.successor ?? entry) as T;
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
