/** Group commit: whatever is asked for within a turn of the event loop, or while a transaction is under way, is one. */
import { withoutContext } from "../runtime/context.js";
import type { Host, HostTimer } from "../runtime/host.js";
import { isBusy, isConnectionLost, storeError } from "./faults.js";
import type { Link } from "./link.js";

export interface CommitParts<Job, Answer> {
  readonly host: () => Host;
  readonly link: Link;
  /** All of them, or none; may run more than once, and only what is committed counts. */
  readonly write: (jobs: readonly Job[]) => Promise<Written<Answer>>;
  /** Nothing follows for now. */
  readonly rests?: () => void;
  /** They must not fail: they are tried until they succeed, or the transport closes. */
  readonly isVital: boolean;
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
  readonly signal: AbortSignal | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const JOBS_MAX = 500;
const BUSY_MS = 5;
const CLOSE_MAX_MS = 10_000;

export class Commits<Job, Answer> {
  readonly #parts: CommitParts<Job, Answer>;
  #asked: Asked<Job, Answer>[] = [];
  #isOpen = false;
  #isScheduled = false;
  #running: Promise<void> | undefined;
  #pause: HostTimer | undefined;

  constructor(parts: CommitParts<Job, Answer>) {
    this.#parts = parts;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** Resolves when it is committed. */
  add(job: Job, signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ job, signal, resolve, reject });
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
    while (this.#asked.length > 0 && this.#parts.host().monotonic() < until) {
      await this.#turns();
      if (this.#pause !== undefined) await this.#paused();
    }
    this.#parts.rests?.();
    const left = this.#asked.splice(0);
    for (const { reject } of left) reject(new Error("The transport was closed before it could write."));
    this.#resume();
  }

  #run(): void {
    if (this.#running !== undefined || !this.#isOpen) return;
    this.#running = this.#turns().finally(() => {
      this.#running = undefined;
      if (this.#asked.length > 0 || this.#parts.isAsked()) this.soon();
      else this.#parts.rests?.();
    });
  }

  /* While this process hears of one transaction, the server works on the next, where there is one. */
  async #turns(): Promise<void> {
    let tell: (() => void) | undefined;
    do {
      const next = this.#next();
      const isAny = next.length > 0 || this.#parts.isAsked();
      const written = isAny ? this.#write(next) : undefined;
      tell?.();
      tell = await written;
    } while (tell !== undefined);
  }

  #next(): Asked<Job, Answer>[] {
    const next = this.#asked.splice(0, JOBS_MAX);
    const isAborted = ({ signal }: Asked<Job, Answer>): boolean => signal?.aborted === true;
    for (const { reject, signal } of next.filter(isAborted)) reject(signal!.reason);
    return next.filter((each) => !isAborted(each));
  }

  /* Answers how to tell of it; nothing where it was not written. */
  async #write(asked: Asked<Job, Answer>[]): Promise<(() => void) | undefined> {
    try {
      const { answers, tell } = await this.#parts.write(asked.map(({ job }) => job));
      this.#parts.link.worked();
      for (const [at, { resolve }] of asked.entries()) resolve(answers[at]!);
      return tell;
    } catch (error) {
      await this.#refused(asked, error);
      return undefined;
    }
  }

  /* One of them spoils it for all: each alone, and only those fail that fail alone. */
  async #refused(asked: Asked<Job, Answer>[], error: unknown): Promise<void> {
    if (isBusy(error)) return this.#again(asked, BUSY_MS * (0.5 + this.#parts.host().random()));
    const isAlone = asked.length < 2;
    if (!isAlone && !isConnectionLost(error)) {
      for (const each of asked) (await this.#write([each]))?.();
      return;
    }
    const says = storeError(error);
    if (this.#parts.isVital || isConnectionLost(error)) this.#pauseFor(this.#parts.link.failed(says));
    if (this.#parts.isVital) this.#asked.unshift(...asked);
    else for (const { reject } of asked) reject(says);
  }

  #again(asked: Asked<Job, Answer>[], ms: number): void {
    this.#asked.unshift(...asked);
    this.#pauseFor(ms);
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
