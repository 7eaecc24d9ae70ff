// A bus of the built package on virtual time, with seeded chance: every run gives the same numbers.
import { Bus, Event } from "../../dist/index.js";
import { Turn } from "../../dist/runtime/turn.js";

export class Job extends Event("experiment.job") {}

export class World {
  now = 0;
  #seed;
  #timers = [];

  constructor(seed = 1) {
    this.#seed = seed;
    const host = {
      now: () => Date.UTC(2026, 0, 1) + this.now,
      monotonic: () => this.now,
      timer: (run, ms) => this.#timer(run, ms),
      macrotask: (run) => void setImmediate(() => run()),
      random: () => this.random(),
      idPrefix: () => "experiment",
    };
    this.runtime = { host, turn: new Turn(host), handOver: undefined };
  }

  bus(options) {
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    return new Bus({ options: { logger, onUnhandled: "ignore", ...options }, runtime: this.runtime });
  }

  /** Runs `action` at a moment, in milliseconds. */
  at(moment, action) {
    this.#timer(action, moment - this.now);
  }

  /** Runs `action(moment)` so often a second between two moments, by chance. */
  arrivals({ from, to, perSecond }, action) {
    const next = (after) => {
      const moment = after + this.exponential(1_000 / perSecond);
      if (moment < to) this.at(moment, () => (next(moment), action(moment)));
    };
    next(from);
  }

  /** Runs `look(moment)` every so many milliseconds. */
  every(ms, until, look) {
    const at = (moment) => {
      look(moment);
      if (moment + ms <= until) this.at(moment + ms, () => at(moment + ms));
    };
    this.at(0, () => at(0));
  }

  async run(until) {
    await rest();
    for (;;) {
      let first;
      for (const each of this.#timers)
        if (each.due <= until && (first === undefined || each.due < first.due)) first = each;
      if (first === undefined) break;
      this.#timers.splice(this.#timers.indexOf(first), 1);
      this.now = Math.max(this.now, first.due);
      this.runtime.turn.reread();
      first.run();
      await rest();
    }
    this.now = until;
    this.runtime.turn.reread();
  }

  exponential(mean) {
    return -mean * Math.log(1 - this.random());
  }

  /* mulberry32 */
  random() {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  #timer(run, ms) {
    const timer = { due: this.now + ms, run };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((each) => each !== timer)) };
  }
}

async function rest() {
  for (let round = 0; round < 6; round++) await new Promise((resolve) => setImmediate(resolve));
}

export const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / Math.max(1, numbers.length);

export function percentile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
