/** Waiting on a test bus: exact, by counting; one guard of real time, which tells what it has waited for. */
import { guardAfter } from "../runtime/event-loop.js";
import type { HostTimer } from "../runtime/host.js";
import { processRuntime } from "../runtime/runtime.js";
import { EventLoopWatch } from "./event-loop-watch.js";

/** What is waited for. */
export interface Watched {
  isAtRest(): boolean;
  /** When something began or ended last, in milliseconds of real time: what still goes on is waited for. */
  readonly lastAt: number;
  /** The words for a wait that came to nothing. */
  report(call: string, waitedMs: number): Error;
  /** Throws what must not be overlooked, such as a loop of events. */
  check(): void;
}

/** How a test waits on its bus. */
export interface Waits {
  /** Resolves when everything has ended, or only the bus's clock can make what is left go on. */
  rest(call: string): Promise<void>;
  /** Resolves as the bus does. */
  idle(idle: Promise<void>, call: string): Promise<void>;
  /** Resolves when it is so. */
  until(isOver: () => boolean, call: string): Promise<void>;
}

/* So long nothing may begin or end, in milliseconds of real time. */
const GUARD_MS = 2_000;

export class Patience implements Waits {
  readonly #watched: Watched;
  readonly #loop = new EventLoopWatch();

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** What the event loop waits for now is not the work of handlers. */
  noteIdle(): void {
    this.#loop.noteIdle();
  }

  async rest(call: string): Promise<void> {
    const since = real();
    await this.until(() => this.#watched.isAtRest() || this.#loop.isQuiet(real() - since), call);
  }

  async until(isOver: () => boolean, call: string): Promise<void> {
    const since = real();
    do {
      await turnOfLoop();
      if (this.#leftFrom(since) <= 0) throw this.#watched.report(call, real() - since);
    } while (!isOver());
    this.#watched.check();
  }

  async idle(idle: Promise<void>, call: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const since = real();
      let timer: HostTimer;
      const guard = (): void => {
        const left = this.#leftFrom(since);
        if (left <= 0) return reject(this.#watched.report(call, real() - since));
        timer = guardAfter(left, guard);
      };
      guard();
      const ended = (): void => timer.cancel();
      idle.then(ended, ended);
      idle.then(resolve, reject);
    });
    this.#watched.check();
  }

  /* How long the guard still holds still, for a call that began then. */
  #leftFrom(since: number): number {
    return Math.max(since, this.#watched.lastAt) + GUARD_MS - real();
  }
}

function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => processRuntime.host.macrotask(resolve));
}

function real(): number {
  return processRuntime.host.monotonic();
}
