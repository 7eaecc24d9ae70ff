/** Virtual time: the real engine's clock, moved by hand, its timers run one by one, its chance drawn from a seed. */
import type { HandOver } from "../runtime/hand-over.js";
import type { Host, HostTimer } from "../runtime/host.js";
import { processRuntime, type Runtime } from "../runtime/runtime.js";
import { Turn } from "../runtime/turn.js";

export interface VirtualTimeOptions {
  /** What chance is drawn from: the same seed, the same numbers. Defaults to 1. */
  readonly seed?: number | undefined;
  /** Told every point at which the engine hands control over; none by default. */
  readonly handOver?: HandOver | undefined;
  /** Runs once the event loop has been round. Defaults to the host's own. */
  readonly macrotask?: ((run: () => void) => void) | undefined;
}

interface Pending {
  readonly due: number;
  readonly run: () => void;
}

/** Where every virtual clock begins, in milliseconds since the epoch. */
const BEGINNING: number = Date.UTC(2026, 0, 1);

/** One clock, for one bus or several. Nothing moves it but `jump` and `runNext`. */
export class VirtualTime {
  readonly runtime: Runtime;
  readonly #pending: Pending[] = []; // by due time; equal times in the order in which they were set
  #elapsed = 0;
  #seed: number;

  constructor({ seed = 1, handOver, macrotask = onTheHost }: VirtualTimeOptions = {}) {
    this.#seed = seed;
    const host: Host = {
      now: () => this.now,
      monotonic: () => this.#elapsed,
      timer: (run, ms) => this.#timer(run, ms),
      macrotask,
      random: () => this.random(),
      idPrefix: () => "test",
    };
    this.runtime = { host, turn: new Turn(host), handOver };
  }

  /** Milliseconds since the epoch. */
  get now(): number {
    return BEGINNING + this.#elapsed;
  }

  /** Milliseconds since the beginning: what `nextDue` is measured by. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /** How many timers are set on the host: a bus has at most one for its engine and one for its clock. */
  get timers(): number {
    return this.#pending.length;
  }

  /** When the next timer is due, in milliseconds since the beginning; undefined where none is set. */
  get nextDue(): number | undefined {
    return this.#pending[0]?.due;
  }

  /** Moves the clock without letting anything run: a blocked event loop. */
  jump(ms: number): void {
    this.#elapsed += ms;
    this.runtime.turn.reread();
  }

  /** Moves the clock to the next timer and runs it; answers whether there was one. */
  runNext(): boolean {
    const first = this.#pending.shift();
    if (first === undefined) return false;
    this.jump(Math.max(0, first.due - this.#elapsed));
    first.run();
    return true;
  }

  /** The next number of the seed: at least 0, below 1. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0; // mulberry32
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  #timer(run: () => void, ms: number): HostTimer {
    const pending: Pending = { due: this.#elapsed + ms, run };
    const later = this.#pending.findIndex(({ due }) => due > pending.due);
    this.#pending.splice(later < 0 ? this.#pending.length : later, 0, pending);
    return { cancel: () => this.#cancel(pending) };
  }

  #cancel(pending: Pending): void {
    const index = this.#pending.indexOf(pending);
    if (index >= 0) this.#pending.splice(index, 1);
  }
}

function onTheHost(run: () => void): void {
  processRuntime.host.macrotask(run);
}
