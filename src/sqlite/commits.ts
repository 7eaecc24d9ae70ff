/** Group commit: whatever is asked for within a turn of the event loop is one transaction. */
import { withoutContext } from "../runtime/context.js";
import type { Host, HostTimer } from "../runtime/host.js";
import { StoreError } from "../transport/store-errors.js";
import type { Connection } from "./connection.js";
import { isBusy, storeError } from "./faults.js";

/** Writes all of its kind that a transaction has, and answers for each. It may run more than once; only what is committed counts. */
export type Kind<Entry, Answer> = (db: Connection, entries: readonly Entry[]) => readonly Answer[];

/** The kind of what is done once, by itself. */
export function doEach<T>(db: Connection, works: readonly ((db: Connection) => T)[]): readonly T[] {
  return works.map((work) => work(db));
}

/** Done last in a transaction; what it answers runs when that is committed. */
export type Closing = (db: Connection, jobs: number) => () => void;

export interface CommitParts {
  readonly host: () => Host;
  readonly busyMaxMs: number;
  /** What is to be done at the end of the next transaction; undefined where there is nothing. */
  readonly closing: (jobs: number) => Closing | undefined;
  /** There was a look at what is to be done, whether or not there was anything. */
  readonly flushed: () => void;
  readonly changed: (state: "up" | "down", error?: Error) => void;
  /** Whether a transaction of the application, on another connection of this process, holds the write lock. */
  readonly isHeld: () => boolean;
}

export interface JobOptions {
  /** It must not fail: it is tried until it succeeds, or the transport closes. Defaults to `false`. */
  readonly isVital?: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Job extends JobOptions {
  readonly kind: Kind<unknown, unknown>;
  readonly entry: unknown;
  readonly since: number;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/* More in one transaction would hold up the event loop. */
const JOBS_MAX = 1_000;
const BUSY_MS = 5;
const DOWN_MS = 500;
const HELD = "a transaction of this process is open. Shorten it, or raise `busyMax`.";

export class Commits {
  readonly #parts: CommitParts;
  #db: Connection | undefined;
  #jobs: Job[] = [];
  /* Vital ones that failed alone wait apart, so that they hold up nobody. */
  #failed: Job[] = [];
  #isScheduled = false;
  #isDown = false;
  #pause: HostTimer | undefined;

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  open(db: Connection): void {
    this.#db = db;
  }

  /** Is written within the transaction of this turn, with others of its kind; resolves when that is committed. */
  add<Entry, Answer>(
    kind: Kind<Entry, Answer>,
    entry: Entry,
    { isVital = false, signal }: JobOptions = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const since = this.#parts.host().monotonic();
      this.#jobs.push({ kind: kind as Job["kind"], entry, isVital, signal, since, resolve, reject });
      this.soon();
    });
  }

  /** A transaction at the end of this turn, if there is anything to do by then. */
  soon(): void {
    if (this.#isScheduled || this.#pause !== undefined || this.#db === undefined) return;
    this.#isScheduled = true;
    withoutContext(() => this.#parts.host().macrotask(() => this.#turn()));
  }

  /** Everything at once; what cannot be done any more rejects. */
  async close(): Promise<void> {
    this.#resume();
    const until = this.#parts.host().monotonic() + this.#parts.busyMaxMs;
    while (this.#jobs.length > 0 && this.#parts.host().monotonic() < until) {
      this.#flush();
      if (this.#pause !== undefined) await this.#paused();
    }
    const left = [...this.#jobs, ...this.#failed];
    this.#jobs = [];
    this.#failed = [];
    for (const { reject } of left) reject(new Error("The transport was closed before it could write."));
    this.#resume();
    this.#db = undefined;
    this.#isDown = false;
  }

  /** Nobody of this process holds the write lock any more. */
  goOn(): void {
    this.#resume();
    this.soon();
  }

  #turn(): void {
    this.#isScheduled = false;
    this.#flush();
    if (this.#jobs.length > 0) this.soon();
  }

  #flush(): void {
    const db = this.#db;
    if (db === undefined) return;
    if (this.#parts.isHeld()) return this.#hold();
    const jobs = this.#next();
    const closing = this.#closing(jobs.length);
    try {
      if (jobs.length > 0 || closing !== undefined) this.#commit(db, jobs, closing);
    } catch (error) {
      this.#refused(db, { jobs, closing }, error);
    }
    this.#parts.flushed();
  }

  /* To try would only stop the event loop, which the work inside needs. */
  #hold(): void {
    const jobs = this.#next();
    if (jobs.length > 0) this.#wait(jobs, new StoreError("sqlite", "busy", HELD));
  }

  /* It reads, and reading may fail, too; the jobs go on. */
  #closing(jobs: number): Closing | undefined {
    try {
      return this.#parts.closing(jobs);
    } catch (error) {
      if (isBusy(error)) this.#wait([], error);
      else this.#fails(undefined, error);
      return undefined;
    }
  }

  #next(): Job[] {
    const next = this.#jobs.splice(0, JOBS_MAX);
    const isAborted = ({ signal }: Job): boolean => signal?.aborted === true;
    for (const { reject, signal } of next.filter(isAborted)) reject(signal!.reason);
    return next.filter((job) => !isAborted(job));
  }

  #commit(db: Connection, jobs: readonly Job[], closing: Closing | undefined): void {
    const [answers, after] = db.immediate(() => [written(db, jobs), closing?.(db, jobs.length)]);
    this.#isUp();
    for (const [job, answer] of answers) job.resolve(answer as never);
    after?.();
  }

  /* One of them spoils it for all: each alone, and only those fail that fail alone. */
  #refused(db: Connection, what: { jobs: Job[]; closing: Closing | undefined }, error: unknown): void {
    const { jobs, closing } = what;
    if (isBusy(error)) return this.#wait(jobs, error);
    if (jobs.length + (closing === undefined ? 0 : 1) === 1) return this.#fails(jobs[0], error);
    for (const job of jobs) this.#alone(db, [job], undefined);
    if (closing !== undefined) this.#alone(db, [], closing);
  }

  #alone(db: Connection, jobs: Job[], closing: Closing | undefined): void {
    try {
      this.#commit(db, jobs, closing);
    } catch (error) {
      if (isBusy(error)) this.#wait(jobs, error);
      else this.#fails(jobs[0], error);
    }
  }

  #fails(job: Job | undefined, error: unknown): void {
    const says = storeError(error);
    if (job?.isVital === false) return job.reject(says);
    if (job !== undefined) this.#failed.push(job);
    if (!this.#isDown) this.#parts.changed("down", says);
    this.#isDown = true;
    this.#pauseFor(DOWN_MS);
  }

  #wait(jobs: readonly Job[], error: unknown): void {
    const now = this.#parts.host().monotonic();
    const isLate = (job: Job): boolean => job.isVital !== true && now - job.since >= this.#parts.busyMaxMs;
    for (const { reject } of jobs.filter(isLate)) reject(storeError(error));
    this.#jobs.unshift(...jobs.filter((job) => !isLate(job)));
    this.#pauseFor(BUSY_MS * (0.5 + this.#parts.host().random()));
  }

  #isUp(): void {
    this.#jobs.push(...this.#failed.splice(0));
    if (this.#isDown) this.#parts.changed("up");
    this.#isDown = false;
  }

  #pauseFor(ms: number): void {
    if (this.#pause !== undefined) return;
    const { host } = this.#parts;
    this.#pause = withoutContext(() =>
      host().timer(() => {
        this.#resume();
        this.#jobs.unshift(...this.#failed.splice(0));
        this.soon();
      }, ms),
    );
  }

  #resume(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  #paused(): Promise<void> {
    this.#resume();
    return new Promise((resolve) => void this.#parts.host().timer(resolve, BUSY_MS));
  }
}

/* One kind after the other, in the order of their first. */
function written(db: Connection, jobs: readonly Job[]): ReadonlyMap<Job, unknown> {
  const answers = new Map<Job, unknown>();
  for (const [kind, its] of byKind(jobs)) {
    const entries = its.map(({ entry }) => entry);
    for (const [at, answer] of kind(db, entries).entries()) answers.set(its[at]!, answer);
  }
  return answers;
}

function byKind(jobs: readonly Job[]): ReadonlyMap<Job["kind"], readonly Job[]> {
  const kinds = new Map<Job["kind"], Job[]>();
  for (const job of jobs) {
    const its = kinds.get(job.kind);
    if (its === undefined) kinds.set(job.kind, [job]);
    else its.push(job);
  }
  return kinds;
}
