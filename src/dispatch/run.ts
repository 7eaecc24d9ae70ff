/** Work in a bus, from its start to its end: the handle of whoever started it, and the record that the result is kept in. */
import { SelfWaitError, TaskCancelledError } from "../errors.js";
import type { Moment } from "../runtime/turn.js";
import type { Progress, TaskHandle } from "../task/task-handle.js";
import type { Ending, Order } from "../task/work.js";
import { ProgressFeed } from "./progress-feed.js";

/** What all runs of a bus have in common. */
export interface RunHost {
  /** The run that has ended is kept for a while. */
  keep(run: Run): void;
  /** The run of the delivery that this code runs in. */
  runHere(): Run | undefined;
}

export abstract class Run implements TaskHandle<unknown> {
  abstract readonly id: string;
  /** What its bus knows it by: the id, or the number that becomes one. */
  abstract readonly key: string | number;
  /** Of the task, or of the work: for messages. */
  readonly name: string;
  /** The run that this one is a part of. */
  abstract readonly parent: Run | undefined;
  /** What is left of its acceptance; undefined where it was accepted at once. */
  accepted: Promise<void> | undefined = undefined;
  cancelReason: string | undefined = undefined;
  /** When it ended. */
  endedAt: Moment | undefined = undefined;
  readonly #host: RunHost;
  #ended: Order["ended"];
  #ending: Ending | undefined = undefined;
  #result: Result | undefined = undefined;
  #waiting: (() => void)[] | undefined = undefined;
  #feed: ProgressFeed | undefined = undefined;

  constructor(name: string, host: RunHost, ended: Order["ended"]) {
    this.name = name;
    this.#host = host;
    this.#ended = ended;
  }

  /** Whether a handler of it runs now. */
  protected abstract get isRunning(): boolean;
  /** Ends it, or has it end: `cancelReason` says why. */
  protected abstract stop(reason: string): void;

  get state(): TaskHandle<unknown>["state"] {
    return this.#ending?.state ?? (this.isRunning ? "running" : "waiting");
  }

  get isOver(): boolean {
    return this.#ending !== undefined;
  }

  get progress(): AsyncIterable<Progress> {
    if (this.#feed === undefined) {
      this.#feed = new ProgressFeed();
      if (this.isOver) this.#feed.over();
    }
    return this.#feed;
  }

  result({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<unknown> {
    if (this.#ending === undefined && this.#isInside)
      return Promise.reject(new SelfWaitError("handle.result()"));
    const result = this.#awaited();
    if (signal === undefined || this.isOver) return result;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      if (signal.aborted) return stop();
      signal.addEventListener("abort", stop, { once: true });
      result.finally(() => signal.removeEventListener("abort", stop)).then(resolve, reject);
    });
  }

  async cancel(reason: string): Promise<boolean> {
    if (typeof reason !== "string" || reason === "")
      throw new TypeError(
        "Expected the reason of `cancel(reason)` to be a text. Say why, for whoever waits.",
      );
    if (!this.isOver && this.#isInside) throw new SelfWaitError("handle.cancel()");
    this.revoke(reason);
    if (!this.isOver) await new Promise<void>((resolve) => (this.#waiting ??= []).push(resolve));
    return this.state === "cancelled";
  }

  /** Cancels it without waiting for its end. */
  revoke(reason: string): void {
    if (this.isOver || this.cancelReason !== undefined) return;
    this.cancelReason = reason;
    this.stop(reason);
  }

  report(done: number, total: number, note?: string): void {
    if (!this.isOver) (this.#feed ??= new ProgressFeed()).report(done, total, note);
  }

  /** The first ending counts; whoever waits for it goes on in this turn. */
  end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#feed?.over();
    this.#host.keep(this);
    const ended = this.#ended;
    const waiting = this.#waiting;
    this.#ended = this.#waiting = undefined;
    ended?.(ending);
    if (this.#result !== undefined) settle(this.#result, ending);
    if (waiting !== undefined) for (const each of waiting) each();
  }

  endCancelled(): void {
    this.end({
      state: "cancelled",
      error: new TaskCancelledError(this.name, this.cancelReason ?? "cancelled"),
    });
  }

  /* One promise for all who ask. */
  #awaited(): Promise<unknown> {
    if (this.#result === undefined) {
      this.#result = resolvers();
      if (this.#ending !== undefined) settle(this.#result, this.#ending);
    }
    return this.#result.promise;
  }

  /* Whoever runs in a part of it would wait for itself. */
  get #isInside(): boolean {
    for (let at = this.#host.runHere(); at !== undefined; at = at.parent) if (at === this) return true;
    return false;
  }
}

interface Result {
  readonly promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

function resolvers(): Result {
  const result = {} as { -readonly [K in keyof Result]: Result[K] };
  result.promise = new Promise((resolve, reject) => {
    result.resolve = resolve;
    result.reject = reject;
  });
  return result;
}

function settle({ resolve, reject }: Result, ending: Ending): void {
  if (ending.state === "done") resolve(ending.value);
  else reject(ending.error);
}
