/** Where the runs of a store's tasks are written down, and looked at by whoever waits for them elsewhere. */
import { BusClosedError, toError } from "../errors.js";
import type { Log } from "../ledger/log.js";
import type { Runtime } from "../runtime/runtime.js";
import { isThenable } from "../runtime/thenable.js";
import type { Timer, Timers } from "../runtime/timers.js";
import type { Progress } from "../task/task-handle.js";
import type { Ending } from "../task/work.js";
import type { Awaitable, Store } from "../transport/transport.js";
import { bytesOf, endedAs, recordIn, type TaskRecord } from "./task-record.js";

/** A run that is written down. */
export interface Written {
  readonly id: string;
  readonly name: string;
  readonly isOver: boolean;
  /** Whether anybody wants to know what becomes of it: the one who runs it, or who waits. */
  readonly isWatched: boolean;
  /** What its record says now. */
  learn(record: TaskRecord): void;
  /** Ends here, and nowhere else. */
  abandon(error: Error): void;
}

export interface DeskParts {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly timers: Timers;
  readonly log: Log;
  /** How long a result is kept. */
  readonly maxAgeMs: number;
}

interface Watch {
  readonly since: number;
  at: number;
}

/** What becomes of a record; the same one changes nothing. */
type Change = (record: TaskRecord | undefined) => TaskRecord | undefined;

/* A task that waits for so long is forgotten, though it may still be handled. */
const WAITING_MS = 30 * 86_400_000;
/* A waiting eye gets slower: an eighth of how long it has waited already. */
const LOOK_MIN_MS = 25;
const LOOK_MAX_MS = 1_000;
const REPORT_MS = 500;

export class Desk {
  readonly #parts: DeskParts;
  readonly #watches = new Map<Written, Watch>();
  readonly #reports = new Map<Written, Progress>();
  readonly #pending = new Set<Promise<unknown>>();
  #timer: Timer | undefined;
  #reportTimer: Timer | undefined;
  /** What ends undone is left to other processes. */
  isClosing = false;
  isClosed = false;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** What is known of a run; a promise where the store takes its time. */
  read(id: string): Awaitable<TaskRecord | undefined> {
    const found = this.#parts.store.get(keyOf(id));
    if (isThenable(found)) return found.then((each) => each && recordIn(each.value));
    return found && recordIn(found.value);
  }

  /** A transport is asked to take it; a record that is there already stands. Answers what takes that back. */
  opened(run: Written, transaction: unknown): () => void {
    const key = keyOf(run.id);
    const { store } = this.#parts;
    const value = bytesOf({ task: run.name, state: "waiting" });
    const how = { ifVersion: 0, ttlMs: WAITING_MS, ...(transaction === undefined ? {} : { transaction }) };
    let isOurs = false;
    const opened = this.#work(run, async () => void (isOurs = await store.put(key, value, how)));
    const takeBack = async (): Promise<unknown> => (await opened) && isOurs && store.delete(key);
    return () => void this.#work(run, takeBack);
  }

  /** Writes how it ended; rejects where the store does not take it. A result stands, whatever is told later. */
  ended({ id, name }: Written, ending: Ending): Promise<void> {
    const record = endedAs({ task: name }, ending);
    bytesOf(record); // throws before anything else where it cannot be kept
    return this.#tracked(this.#change(id, (found) => (found?.state === "done" ? found : record)));
  }

  /** The same, for whoever does not wait. */
  tellEnded(run: Written, ending: Ending): Promise<boolean> {
    return this.#work(run, () => this.ended(run, ending));
  }

  /** Whoever runs it will hear of it; it ends when they have. */
  askToCancel({ id, name }: Written, reason: string): void {
    const ask: Change = (found) =>
      found === undefined || found.state !== "waiting" ? found : { ...found, cancel: found.cancel ?? reason };
    void this.#work({ id, name }, () => this.#change(id, ask));
  }

  /** Tells how far it is: the latest, now and then. */
  report(run: Written, progress: Progress): void {
    this.#reports.set(run, progress);
    this.#reportTimer ??= this.#parts.timers.after(REPORT_MS, () => this.#tellReports(), "progress");
  }

  /** Looks at its record until it ends, or nobody wants to know any more. */
  watch(run: Written): void {
    if (run.isOver || this.#watches.has(run)) return;
    if (this.isClosed) return run.abandon(new BusClosedError());
    const now = this.#now();
    this.#watches.set(run, { since: now, at: now + LOOK_MIN_MS });
    this.#arm();
  }

  /** Nothing is heard of from elsewhere any more. */
  close(): void {
    this.isClosed = true;
    this.#timer?.cancel();
    for (const run of this.#watches.keys()) run.abandon(new BusClosedError());
    this.#watches.clear();
  }

  /** Resolves when everything is written. */
  async written(): Promise<void> {
    if (this.#reports.size > 0) this.#tellReports();
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  #arm(): void {
    this.#timer?.cancel();
    const next = Math.min(...Array.from(this.#watches.values(), ({ at }) => at));
    if (next === Infinity) return;
    this.#timer = this.#parts.timers.after(Math.max(0, next - this.#now()), () => this.#look(), "result");
  }

  #look(): void {
    const now = this.#now();
    for (const [run, watch] of this.#watches)
      if (run.isOver || !run.isWatched) this.#watches.delete(run);
      else if (watch.at <= now) {
        watch.at = now + Math.min(LOOK_MAX_MS, Math.max(LOOK_MIN_MS, (now - watch.since) / 8));
        this.#lookAt(run);
      }
    this.#arm();
  }

  #lookAt(run: Written): void {
    const learn = (record: TaskRecord | undefined): void => void (record !== undefined && run.learn(record));
    void this.#work(run, async () => learn(await this.read(run.id)));
  }

  #tellReports(): void {
    this.#reportTimer?.cancel();
    this.#reportTimer = undefined;
    for (const [run, progress] of this.#reports) {
      const tell: Change = (found) => (found?.state === "waiting" ? { ...found, progress } : found);
      if (!run.isOver) void this.#work(run, () => this.#change(run.id, tell));
    }
    this.#reports.clear();
  }

  /* Each writes what follows from what it has read, or reads again. */
  async #change(id: string, change: Change): Promise<void> {
    const { store, maxAgeMs } = this.#parts;
    for (;;) {
      const found = await store.get(keyOf(id));
      const before = found && recordIn(found.value);
      const after = change(before);
      if (after === undefined || after === before) return;
      const ttlMs = after.state === "waiting" ? WAITING_MS : maxAgeMs;
      if (await store.put(keyOf(id), bytesOf(after), { ifVersion: found?.version ?? 0, ttlMs })) return;
    }
  }

  /* Answers whether it was done. */
  #work(run: Pick<Written, "id" | "name">, work: () => Promise<unknown>): Promise<boolean> {
    const done = work().then(
      () => true,
      (error: unknown) => {
        this.#parts.log.resultUnkept(run.name, run.id, toError(error));
        return false;
      },
    );
    return this.#tracked(done);
  }

  #tracked<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    const over = (): void => void this.#pending.delete(work);
    work.then(over, over);
    return work;
  }

  #now(): number {
    return this.#parts.runtime.host.monotonic();
  }
}

function keyOf(id: string): string {
  return `task/${id}`;
}
