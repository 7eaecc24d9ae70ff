/** All timers of a bus on one timer of the host: a heap by due time. Durations are measured by the monotonic clock. */
import { withoutContext } from "./context.js";
import type { HandOver } from "./hand-over.js";
import type { HostTimer } from "./host.js";
import type { Runtime } from "./runtime.js";

/** A timer that has been set; to cancel it twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

interface Entry extends Timer {
  readonly due: number;
  readonly order: number;
  readonly about: string;
  run: (() => void) | undefined;
  /** Due, and held by the hand-over: no longer in the heap, and still to be cancelled. */
  isHeld: boolean;
}

export class Timers {
  readonly #runtime: Runtime;
  readonly #heap: Entry[] = [];
  #cancelled = 0;
  #order = 0;
  #host: { readonly timer: HostTimer; readonly due: number } | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** How many are set. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Runs once, `ms` from now; equal times run in the order in which they were set. */
  after(ms: number, run: () => void, about: string): Timer {
    const entry: Entry = {
      due: this.#runtime.host.monotonic() + ms,
      order: this.#order++,
      about,
      run,
      isHeld: false,
      cancel: () => this.#cancel(entry),
    };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    this.#arm();
    return entry;
  }

  /** Cancels all. */
  clear(): void {
    for (const entry of this.#heap) entry.run = undefined;
    this.#heap.length = this.#cancelled = 0;
    this.#arm();
  }

  #cancel(entry: Entry): void {
    if (entry.run === undefined) return;
    entry.run = undefined;
    if (entry.isHeld) return;
    this.#cancelled++;
    if (this.#cancelled > 64 && this.#cancelled > this.#heap.length / 2) this.#sweep();
    this.#arm();
  }

  #sweep(): void {
    const kept = this.#heap.filter((entry) => entry.run !== undefined).sort(before);
    this.#heap.length = 0;
    this.#heap.push(...kept);
    this.#cancelled = 0;
  }

  #arm(): void {
    this.#dropCancelled();
    const first = this.#heap[0];
    if (first?.due === this.#host?.due) return;
    this.#host?.timer.cancel();
    this.#host = first && { due: first.due, timer: this.#hostTimer(first.due) };
  }

  /* From a neutral context: it serves all, and must not run them in that of whoever set the first. */
  #hostTimer(due: number): HostTimer {
    const wait = Math.max(0, due - this.#runtime.host.monotonic());
    return withoutContext(() => this.#runtime.host.timer(() => this.#fire(), wait));
  }

  /* The host's timer may fire early, by rounding or because a delay beyond its maximum comes in parts. */
  #fire(): void {
    this.#host = undefined;
    const now = this.#runtime.host.monotonic();
    try {
      for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
        this.#shift();
        this.#run(first);
      }
    } finally {
      this.#arm(); // one that throws must not stop the others for good
    }
  }

  #run(entry: Entry): void {
    if (entry.run === undefined) return void this.#cancelled--;
    const held = (this.#runtime.handOver as HandOver | undefined)?.("timer", entry.about);
    if (held === undefined) return runOnce(entry);
    entry.isHeld = true;
    void held.then(() => runOnce(entry));
  }

  #dropCancelled(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].run === undefined) {
      this.#shift();
      this.#cancelled--;
    }
  }

  #shift(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(index: number): void {
    const heap = this.#heap;
    for (let child = index; child > 0;) {
      const parent = (child - 1) >> 1;
      if (before(heap[parent]!, heap[child]!) <= 0) return;
      [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
      child = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let parent = 0; ;) {
      let first = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < heap.length && before(heap[child]!, heap[first]!) < 0) first = child;
      if (first === parent) return;
      [heap[parent], heap[first]] = [heap[first]!, heap[parent]!];
      parent = first;
    }
  }
}

function runOnce(entry: Entry): void {
  const { run } = entry;
  entry.run = undefined;
  run?.();
}

function before(a: Entry, b: Entry): number {
  return a.due - b.due || a.order - b.order;
}
