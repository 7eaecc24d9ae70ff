/** Work in a bus, from its start to its end: the handle of whoever started it, and the record that the result is kept in. */
import { SelfWaitError, TaskCancelledError } from "../errors.js";
import type { Moment } from "../runtime/turn.js";
import type { Progress, TaskHandle } from "../task/task-handle.js";
import type { Ending, Order } from "../task/work.js";
import { ProgressFeed } from "./progress-feed.js";

/** What all runs of a bus have in common. */
export interface RunHost {
  /** Makes a run known by its key. */
  add(run: Run): void;
  /** The run that has ended is kept for a while. */
  keep(run: Run): void;
  /** The run of the delivery that this code runs in. */
  runHere(): Run | undefined;
}

/* What few runs ever need. */
interface Rarities {
  accepted: Promise<void> | undefined;
  cancelReason: string | undefined;
  feed: ProgressFeed | undefined;
  /** Whoever waits for the end, however it comes. */
  readonly waiting: (() => void)[];
}

/* Thousands are kept: what nobody needs after the end is dropped then. */
export abstract class Run implements TaskHandle<unknown> {
  abstract readonly id: string;
  /** What its bus knows it by: the id, or the number that becomes one. */
  abstract readonly key: string | number;
  /** The run that this one is a part of. */
  abstract readonly parent: Run | undefined;
  /** Of the task, or of the work: for messages. */
  readonly name: string;
  /** When it ended. */
  endedAt: Moment | undefined = undefined;
  readonly #host: RunHost;
  #ended: Order["ended"];
  #state: Ending["state"] | undefined = undefined;
  /* The result, or the error. */
  #value: unknown = undefined;
  #result: Result | undefined = undefined;
  #rare: Rarities | undefined = undefined;

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
    return this.#state ?? (this.isRunning ? "running" : "waiting");
  }

  /** Whether somebody here waits for its end, or for how far it is. */
  protected get isAwaited(): boolean {
    const { waiting = [], feed } = this.#rare ?? {};
    return (
      this.#ended !== undefined || this.#result !== undefined || waiting.length > 0 || feed?.isRead === true
    );
  }

  get isOver(): boolean {
    return this.#state !== undefined;
  }

  /** What is left of its acceptance; undefined where it was accepted at once. */
  get accepted(): Promise<void> | undefined {
    return this.#rare?.accepted;
  }
  set accepted(accepted: Promise<void> | undefined) {
    this.#rarities.accepted = accepted;
  }

  get cancelReason(): string | undefined {
    return this.#rare?.cancelReason;
  }

  get progress(): AsyncIterable<Progress> {
    const rare = this.#rarities;
    if (rare.feed === undefined) {
      rare.feed = new ProgressFeed();
      if (this.isOver) rare.feed.over();
    }
    return rare.feed;
  }

  result({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<unknown> {
    if (this.#state === "done") return Promise.resolve(this.#value);
    if (this.#state !== undefined) return Promise.reject(this.#value as Error);
    if (this.#isInside) return Promise.reject(new SelfWaitError("handle.result()"));
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const { promise } = (this.#result ??= resolvers());
    if (signal === undefined) return promise;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", stop, { once: true });
      promise.finally(() => signal.removeEventListener("abort", stop)).then(resolve, reject);
    });
  }

  async cancel(reason: string): Promise<boolean> {
    if (typeof reason !== "string" || reason === "")
      throw new TypeError(
        "Expected the reason of `cancel(reason)` to be a text. Say why, for whoever waits.",
      );
    if (!this.isOver && this.#isInside) throw new SelfWaitError("handle.cancel()");
    this.revoke(reason);
    if (!this.isOver) await new Promise<void>((resolve) => this.#rarities.waiting.push(resolve));
    return this.state === "cancelled";
  }

  /** Cancels it without waiting for its end. */
  revoke(reason: string): void {
    if (this.isOver || this.cancelReason !== undefined) return;
    this.#rarities.cancelReason = reason;
    this.stop(reason);
  }

  report(done: number, total: number, note?: string): void {
    if (this.isOver) return;
    const rare = this.#rarities;
    (rare.feed ??= new ProgressFeed()).report(done, total, note);
  }

  /** The first ending counts; whoever waits for it goes on in this turn. */
  end(state: Ending["state"], value: unknown): void {
    if (this.#state !== undefined) return;
    this.#state = state;
    this.#value = value;
    this.#rare?.feed?.over();
    this.#host.keep(this);
    const ended = this.#ended;
    const result = this.#result;
    this.#ended = this.#result = undefined;
    ended?.(this.#ending);
    if (state === "done") result?.resolve(value);
    else result?.reject(value);
    for (const each of this.#rare?.waiting.splice(0) ?? []) each();
  }

  endCancelled(why: string = this.cancelReason ?? "it is not wanted any more"): void {
    this.end("cancelled", new TaskCancelledError(this.name, why));
  }

  get #ending(): Ending {
    if (this.#state === "done") return { state: "done", value: this.#value };
    return { state: this.#state!, error: this.#value };
  }

  get #rarities(): Rarities {
    return (this.#rare ??= { accepted: undefined, cancelReason: undefined, feed: undefined, waiting: [] });
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
