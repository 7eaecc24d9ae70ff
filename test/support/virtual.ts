/** A runtime under virtual time for tests of the engine: the real engine, a clock that is moved by hand, seeded chance. */
import { Bus, type BusOptions } from "../../src/index.js";
import type { SubscriberClass } from "../../src/subscriber/subscriber-options.js";
import { VirtualTime as Time } from "../../src/testing/virtual-time.js";

/** The testing kit's virtual time, with the ways in which the engine's own tests move it. */
export class VirtualTime extends Time {
  /** Runs every timer that is due within `ms`, in order, and lets the engine come to rest after each. */
  async advance(ms: number): Promise<void> {
    const until = this.elapsed + ms;
    await this.rest();
    while ((this.nextDue ?? Infinity) <= until) {
      this.runNext();
      await this.rest();
    }
    this.jump(until - this.elapsed);
    await this.rest();
  }

  /** Lets everything run that needs no timer. */
  async rest(): Promise<void> {
    for (let round = 0; round < 10; round++) await new Promise<void>((resolve) => setImmediate(resolve));
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
