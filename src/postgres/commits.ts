/** Group commit: whatever is asked for within a turn of the event loop, or while a transaction is under way, is one. */
import { withoutContext } from "../runtime/context.js";
import type { Host, HostTimer } from "../runtime/host.js";
import { Aside } from "./aside.js";
import { isBusy, isConnectionLost, isLocked, storeError } from "./faults.js";
import type { Link } from "./link.js";

export interface CommitParts<Job, Answer> {
  readonly host: () => Host;
  readonly link: Link;
  /** All of them, or none; may run more than once, and only what is committed counts. Waits so long for a lock at most. */
  readonly write: (jobs: readonly Job[], lockMaxMs: number) => Promise<Written<Answer>>;
  /** Jobs with a line in common are written in order. */
  readonly linesOf: (job: Job) => readonly string[];
  /** Nothing follows for now. */
  readonly rests?: () => void;
  /** They must not fail: they are tried until they succeed, or the transport closes. */
  readonly isVital: boolean;
  /** How long one that is not vital waits for a lock. */
  readonly busyMaxMs: number;
  /** Whether there is something to do without a job. */
  readonly isAsked: () => boolean;
}

/** What was committed. */
export interface Written<Answer> {
  readonly answers: readonly Answer[];
  /** Tells of it, when what comes next is on its way to the server already. */
  readonly tell?: () => void;
}

interface Asked<Job, Answer> {
  readonly job: Job;
  readonly lines: readonly string[];
  readonly since: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const JOBS_MAX = 500;
const BUSY_MS = 5;
/* For so long a lock is waited for by all; then those that need it are found, and wait apart. */
const LOCK_MS = 250;
const LOCK_ALONE_MS = 20;
const ASIDE_MS = 100;
const CLOSE_MAX_MS = 10_000;

export class Commits<Job, Answer> {
  readonly #parts: CommitParts<Job, Answer>;
  #asked: Asked<Job, Answer>[] = [];
  #isOpen = false;
  /* The last was written: what comes now never is. */
  #isOver = false;
  #isScheduled = false;
  #running: Promise<void> | undefined;
  #pause: HostTimer | undefined;
  readonly #aside = new Aside<Asked<Job, Answer>>();
  #asideTimer: HostTimer | undefined;
  #isAsideDue = false;

  constructor(parts: CommitParts<Job, Answer>) {
    this.#parts = parts;
  }

  open(): void {
    this.#isOpen = true;
    this.#isOver = false;
  }

  /** Resolves when it is committed. */
  add(job: Job, signal?: AbortSignal): Promise<Answer> {
    if (this.#isOver) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const since = this.#parts.host().monotonic();
      this.#asked.push({ job, lines: this.#parts.linesOf(job), since, signal, resolve, reject });
      this.soon();
    });
  }

  /** A transaction at the end of this turn, if there is anything to do by then. */
  soon(): void {
    if (!this.#isOpen || this.#isScheduled || this.#running !== undefined || this.#pause !== undefined)
      return;
    this.#isScheduled = true;
    withoutContext(() =>
      this.#parts.host().macrotask(() => {
        this.#isScheduled = false;
        this.#run();
      }),
    );
  }

  /** Everything that was asked for; what cannot be done any more rejects. */
  async close(): Promise<void> {
    const until = this.#parts.host().monotonic() + CLOSE_MAX_MS;
    this.#isOpen = false;
    this.#resume();
    await this.#running;
    do {
      this.#isAsideDue = true;
      await this.#turns();
      if (this.#pause !== undefined) await this.#paused();
    } while (this.#isMore && this.#parts.host().monotonic() < until);
    this.#parts.rests?.();
    const left = [...this.#asked.splice(0), ...this.#aside.takeAll()];
    this.#isOver = true;
    for (const { reject } of left) reject(closed());
    this.#resume();
    this.#asideTimer?.cancel();
    this.#asideTimer = undefined;
  }

  /* What is not vital is tried once more at the close. */
  get #isMore(): boolean {
    return this.#asked.length > 0 || (this.#parts.isVital && !this.#aside.isEmpty);
  }

  #run(): void {
    if (this.#running !== undefined || !this.#isOpen) return;
    this.#running = this.#turns().finally(() => {
      this.#running = undefined;
      if (this.#asked.length > 0 || this.#isAsideDue || this.#parts.isAsked()) this.soon();
      else this.#parts.rests?.();
    });
  }

  /* While this process hears of one transaction, the server works on the next, where there is one. */
  async #turns(): Promise<void> {
    let tell: (() => void) | undefined;
    do {
      const next = this.#next();
      const isAny = next.length > 0 || this.#parts.isAsked();
      const written = isAny ? this.#write(next, LOCK_MS) : undefined;
      tell?.();
      tell = await written;
    } while (tell !== undefined && !this.#isAsideDue);
    tell?.();
    if (this.#isAsideDue) await this.#pass();
  }

  #next(): Asked<Job, Answer>[] {
    const next = this.#asked.splice(0, JOBS_MAX);
    const isAborted = ({ signal }: Asked<Job, Answer>): boolean => signal?.aborted === true;
    for (const { reject, signal } of next.filter(isAborted)) reject(signal!.reason);
    return this.#aside.takeBehind(next.filter((each) => !isAborted(each)));
  }

  /* Answers how to tell of it; nothing where it was not written. */
  async #write(asked: Asked<Job, Answer>[], lockMaxMs: number): Promise<(() => void) | undefined> {
    try {
      const { answers, tell } = await this.#parts.write(
        asked.map(({ job }) => job),
        lockMaxMs,
      );
      this.#parts.link.worked();
      for (const [at, { resolve }] of asked.entries()) resolve(answers[at]!);
      return tell;
    } catch (error) {
      await this.#refused(asked, error);
      return undefined;
    }
  }

  async #refused(asked: Asked<Job, Answer>[], error: unknown): Promise<void> {
    if (isLocked(error)) return asked.length === 1 ? this.#putAside(asked[0]!) : this.#apart(asked);
    if (isBusy(error)) return this.#again(asked);
    if (asked.length > 1 && !isConnectionLost(error)) return this.#apart(asked);
    const says = storeError(error);
    if (this.#parts.isVital || isConnectionLost(error)) this.#pauseFor(this.#parts.link.failed(says));
    if (this.#parts.isVital) this.#asked.unshift(...asked);
    else for (const { reject } of asked) reject(says);
  }

  /* One of them spoils it for all: each alone, and only those fail that fail alone. */
  async #apart(asked: readonly Asked<Job, Answer>[]): Promise<void> {
    if (asked.length === 0) this.#again([]);
    for (const each of asked)
      if (this.#aside.takeBehind([each]).length > 0) (await this.#write([each], LOCK_ALONE_MS))?.();
  }

  // ── What waits for a lock ─────────────────────────────────────────────────────────────────────────────────────

  #putAside(asked: Asked<Job, Answer>): void {
    this.#aside.add(asked);
    this.#expectPass();
  }

  #expectPass(): void {
    if (this.#aside.isEmpty || !this.#isOpen) return;
    const due = (): void => {
      this.#asideTimer = undefined;
      this.#isAsideDue = true;
      this.soon();
    };
    this.#asideTimer ??= withoutContext(() => this.#parts.host().timer(due, ASIDE_MS));
  }

  async #pass(): Promise<void> {
    this.#isAsideDue = false;
    await this.#aside.pass(
      (asked) => this.#isDone(asked),
      () => this.#parts.host().monotonic(),
    );
    this.#expectPass();
  }

  async #isDone(asked: Asked<Job, Answer>): Promise<boolean> {
    const { job, signal, since, resolve, reject } = asked;
    const { write, isVital, busyMaxMs, host } = this.#parts;
    try {
      signal?.throwIfAborted();
      const { answers, tell } = await write([job], LOCK_ALONE_MS);
      resolve(answers[0]!);
      tell?.();
      return true;
    } catch (error) {
      const isLate = isLocked(error) && host().monotonic() - since >= busyMaxMs;
      if (signal?.aborted !== true && (isVital || (isBusy(error) && !isLate))) return false;
      reject(signal?.aborted === true ? signal.reason : storeError(error));
      return true;
    }
  }

  #again(asked: readonly Asked<Job, Answer>[]): void {
    this.#asked.unshift(...asked);
    this.#pauseFor(BUSY_MS * (0.5 + this.#parts.host().random()));
  }

  #pauseFor(ms: number): void {
    if (this.#pause !== undefined) return;
    const over = (): void => {
      this.#resume();
      this.soon();
    };
    this.#pause = withoutContext(() => this.#parts.host().timer(over, ms));
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

function closed(): Error {
  return new Error("The transport was closed before it could write.");
}
