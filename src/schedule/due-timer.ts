/** One timer for all that is due some time, on either clock; it looks at both when it fires. */
import type { Runtime } from "../runtime/runtime.js";
import type { Timer, Timers } from "../runtime/timers.js";
import { type Due, DueHeap } from "./due-heap.js";
import type { Clocks, Pace } from "./pace.js";

export interface Timed extends Due {
  readonly pace: Pick<Pace, "clock">;
}

export interface DueTimerParts<T> {
  readonly runtime: Runtime;
  readonly timers: Timers;
  /** It is due, and not kept here any more. */
  readonly onDue: (item: T) => void;
  /** The clock of the wall was so wrong that what it said is to be forgotten. */
  readonly onReset: (item: T) => void;
}

/* How often the clock of the wall is looked at, since somebody may set it, or the process may sleep. */
const LOOK_MS = 30_000;
/* Set back by more, it was wrong before. */
const BACK_MAX = 86_400_000;

export class DueTimer<T extends Timed> {
  readonly #parts: DueTimerParts<T>;
  readonly #heaps: { readonly [K in keyof Clocks]: DueHeap<T> } = {
    wall: new DueHeap(),
    steady: new DueHeap(),
  };
  #timer: Timer | undefined;
  #isWorking = false;
  #isStopped = false;
  /* By how much the clock of the wall is ahead of the other one. */
  #ahead = -Infinity;

  constructor(parts: DueTimerParts<T>) {
    this.#parts = parts;
  }

  clocks(): Clocks {
    const { host } = this.#parts.runtime;
    return { wall: host.now(), steady: host.monotonic() };
  }

  /** Keeps it until `item.at`. */
  add(item: T): void {
    const heap = this.#heaps[item.pace.clock];
    heap.add(item);
    if (heap.first === item) this.#arm();
  }

  delete(item: T): void {
    const heap = this.#heaps[item.pace.clock];
    const isFirst = heap.first === item;
    heap.delete(item);
    if (isFirst) this.#arm(); // a timer for nothing would keep the process
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    if (this.#isWorking || this.#isStopped) return;
    this.#timer?.cancel();
    const { wall, steady } = this.clocks();
    const waits = [(this.#heaps.steady.first?.at ?? Infinity) - steady];
    if (this.#heaps.wall.first !== undefined) waits.push(this.#heaps.wall.first.at - wall, LOOK_MS);
    const wait = Math.min(...waits);
    if (wait === Infinity) return;
    this.#timer = this.#parts.timers.after(Math.max(0, wait), () => void this.#work(), "schedule");
  }

  /* In parts, since thousands may be due at once. */
  async #work(): Promise<void> {
    const { turn } = this.#parts.runtime;
    this.#isWorking = true;
    this.#watchClock();
    for (;;) {
      while (turn.isSpent()) await turn.end();
      const due = this.#isStopped ? undefined : this.#nextDue();
      if (due === undefined) break;
      this.#parts.onDue(due);
    }
    this.#isWorking = false;
    this.#arm();
  }

  #nextDue(): T | undefined {
    const clocks = this.clocks();
    for (const clock of ["steady", "wall"] as const) {
      const { first } = this.#heaps[clock];
      if (first === undefined || first.at > clocks[clock]) continue;
      this.#heaps[clock].delete(first);
      return first;
    }
    return undefined;
  }

  #watchClock(): void {
    const { wall, steady } = this.clocks();
    const isReset = wall - steady < this.#ahead - BACK_MAX;
    this.#ahead = wall - steady;
    if (isReset) for (const item of this.#heaps.wall.clear()) this.#parts.onReset(item);
  }
}
