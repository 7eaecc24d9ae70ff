/** A runtime under virtual time for tests of the engine: the real engine, a clock that is moved by hand, seeded chance. */
import { Bus, type BusOptions } from "../../src/index.js";
import type { HandOver } from "../../src/runtime/hand-over.js";
import type { Host } from "../../src/runtime/host.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { Turn } from "../../src/runtime/turn.js";
import type { SubscriberClass } from "../../src/subscriber/subscriber-options.js";

interface Pending {
  readonly due: number;
  readonly run: () => void;
}

export class VirtualTime {
  readonly runtime: Runtime;
  #now = 0;
  #seed: number;
  #pending: Pending[] = [];

  constructor({ seed = 1, handOver }: { seed?: number; handOver?: HandOver } = {}) {
    this.#seed = seed;
    const host: Host = {
      now: () => Date.UTC(2026, 0, 1) + this.#now,
      monotonic: () => this.#now,
      timer: (run, ms) => this.#timer(run, ms),
      macrotask: (run) => void setImmediate(run),
      random: () => this.#random(),
      idPrefix: () => "test",
    };
    this.runtime = { host, turn: new Turn(host), handOver };
  }

  /** How many timers of the host are set. */
  get timers(): number {
    return this.#pending.length;
  }

  /** Moves the clock without letting anything run: a blocked event loop. */
  jump(ms: number): void {
    this.#now += ms;
    this.runtime.turn.reread();
  }

  /** Runs every timer that is due within `ms`, in order, and lets the engine come to rest after each. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.rest();
    for (let first = this.#first(until); first !== undefined; first = this.#first(until)) {
      this.#pending = this.#pending.filter((each) => each !== first);
      this.jump(Math.max(0, first.due - this.#now));
      first.run();
      await this.rest();
    }
    this.jump(until - this.#now);
    await this.rest();
  }

  /** Lets everything run that needs no timer. */
  async rest(): Promise<void> {
    for (let round = 0; round < 10; round++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  #first(until: number): Pending | undefined {
    return this.#pending.filter((each) => each.due <= until).sort((a, b) => a.due - b.due)[0];
  }

  #timer(run: () => void, ms: number) {
    const pending: Pending = { due: this.#now + ms, run };
    this.#pending.push(pending);
    return { cancel: () => void (this.#pending = this.#pending.filter((each) => each !== pending)) };
  }

  /* mulberry32 */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** A bus on virtual time; warnings of the engine are collected instead of printed. */
export function virtualBus<const S extends readonly SubscriberClass[]>(
  options: BusOptions<S> = {},
  time: VirtualTime = new VirtualTime(),
) {
  const logged: { level: string; facts: unknown; message: string }[] = [];
  const log = (level: string) => (facts: unknown, message: string) =>
    void logged.push({ level, facts, message });
  const logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  const bus = new Bus({ options: { logger, ...options } as unknown as BusOptions, runtime: time.runtime });
  return { bus, time, logged };
}

/** A promise with its ends outside. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((res, rej) => ((resolve = res), (reject = rej)));
  return { promise, resolve, reject };
}
