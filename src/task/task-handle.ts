/** What `bus.run` gives back: the work while it goes on, and what comes of it. Types only. */

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly note: string | undefined;
}

/** Work that was handed to a bus. */
export interface TaskHandle<out R> {
  /** Under this id the result is kept for a while: `bus.results.get(id)`. */
  readonly id: string;
  readonly state: "waiting" | "running" | "done" | "failed" | "cancelled";
  /**
   * What is reported by `delivery.progress`, from now on; first the latest that was reported before. Ends when the work
   * ends. A slow reader keeps 1,000 of them, then the oldest go.
   */
  readonly progress: AsyncIterable<Progress>;
  /**
   * Resolves with the result. Rejects with `TaskFailedError`, `TaskCancelledError` or, for work that consists of other
   * work, with what made it fail; with the signal's reason when that aborts first. Called by the handler of that very task:
   * `SelfWaitError`.
   */
  result(options?: { signal?: AbortSignal | undefined }): Promise<R>;
  /**
   * What waits is removed, what runs gets its signal. Resolves when the work has ended, to whether it ended cancelled: a
   * handler that gives its result nevertheless has the last word. Idempotent; the first reason counts.
   */
  cancel(reason: string): Promise<boolean>;
}
