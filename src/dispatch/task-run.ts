/** The run of one task: it follows the delivery that carries the task, and ends with the result or with why there is none. */
import { ReplaceDepthError, TaskCancelledError, type FailedAttempt, TaskFailedError } from "../errors.js";
import type { Work } from "../event/event.js";
import type { Tree } from "../ledger/tree.js";
import type { Queued } from "../lane/queued.js";
import { replacementIn } from "../task/task-delivery.js";
import type { Ending, Order, Started } from "../task/work.js";
import type { AttemptDelivery } from "./attempt.js";
import { type Follower, NO_ATTEMPTS } from "./follower.js";
import { Run, type RunHost } from "./run.js";
import { originIn, type RunOrigin } from "./run-origin.js";

/** What the runs of tasks need of their bus. */
export interface TaskHost extends RunHost {
  /** The id of a number. */
  idOf(key: string | number): string;
  /** Takes a delivery back that waits. */
  giveUp(queued: Queued, reason: string): void;
  /** Nobody waits for a place for it any more. */
  stopWaiting(queued: Queued): void;
  /** Takes back what is published for later; false where it is not. */
  cancelDelayed(id: string): boolean;
  start(work: Work, order: Order): Started;
}

/* Of work that is replaced by work that is replaced, and so on. */
const REPLACED_MAX = 64;

export class TaskRun extends Run implements Follower {
  readonly #host: TaskHost;
  #origin: RunOrigin;
  /** Its id, or the number that becomes one. */
  key: string | number = "";
  /** Whether its publish has not come back yet. */
  isPending = true;
  #queued: Queued | undefined = undefined;
  #attempt: AttemptDelivery | undefined = undefined;
  #answer: unknown = undefined;
  #replacement: Run | undefined = undefined;

  constructor(name: string, host: TaskHost, origin: RunOrigin, ended?: Order["ended"]) {
    super(name, host, ended);
    this.#host = host;
    this.#origin = origin;
  }

  get id(): string {
    return this.#host.idOf(this.key);
  }

  get parent(): Run | undefined {
    return this.#origin.parent;
  }
  get tree(): Tree | undefined {
    return this.#origin.tree;
  }
  get isOwed(): boolean {
    return this.#origin.isOwed;
  }

  protected get isRunning(): boolean {
    return this.isReplaced || this.#queued?.standing === "running";
  }
  /** Whether its delivery, or the work in its place, is in this process. */
  protected get isHere(): boolean {
    const standing = this.#queued?.standing ?? "ended";
    return this.isReplaced || standing !== "ended";
  }
  protected get isReplaced(): boolean {
    return this.#replacement !== undefined;
  }
  protected get answer(): unknown {
    return this.#answer;
  }
  /** That of the work in its place; undefined where it has one of its own. */
  protected get replacementId(): string | undefined {
    return undefined;
  }

  // ── What the delivery tells ───────────────────────────────────────────────────────────────────────────────────

  sealed(key: string | number): void {
    this.key = key;
    this.#host.add(this); // now: a transport may hand it out before its send has come back
  }

  carriedBy(queued: Queued): void {
    this.#queued = queued;
  }

  /** An attempt has a slot. */
  attempted(attempt: AttemptDelivery): void {
    this.#attempt = attempt;
  }

  /** The handler is about to be called; answers why it need not. */
  begins(): string | undefined | Promise<string | undefined> {
    if (this.#replacement !== undefined) this.forsake(this.#replacement);
    this.#replacement = undefined;
    if (this.cancelReason !== undefined) return this.cancelReason;
    return this.isOver ? "it had ended before" : undefined;
  }

  /** Work that was in its place is not any more. */
  protected forsake(replacement: Run): void {
    replacement.revoke("its task was handled again");
  }

  /** Its delivery is not here any more, and comes again, here or elsewhere. */
  protected givenBack(): void {
    this.#queued = this.#attempt = this.#answer = undefined;
  }

  sent(_transaction: unknown): void {}

  /** Its publish was refused. */
  refused(error: unknown): void {
    this.end("failed", error);
  }

  holds(_settle: () => void): boolean {
    return false;
  }

  /** What the handler gave is the result once its delivery is done, unless it is work in the place of one. */
  takes(answer: unknown): void {
    const work = replacementIn(answer);
    if (work === undefined) this.#answer = answer;
    else this.#replace(work);
  }

  #replace(work: Work): void {
    const replaced = [...this.#origin.replaced, this.name];
    if (replaced.length > REPLACED_MAX) throw new ReplaceDepthError(replaced);
    let replacement: Run | undefined;
    const origin: RunOrigin = {
      frame: this.#attempt,
      parent: this,
      tree: undefined,
      isOwed: true,
      replaced,
    };
    const ended = (ending: Ending): void => {
      if (this.#replacement !== replacement) return; // the task was handled again
      this.end(ending.state, ending.state === "done" ? ending.value : ending.error);
    };
    const { replacementId: id } = this;
    const options = id === undefined ? undefined : { id };
    const started = this.#host.start(work, { options, origin, ended });
    started.accepted?.catch(() => undefined); // it ends with that
    this.#replacement = replacement = started as unknown as Run;
  }

  done(): void {
    if (this.#replacement === undefined) this.end("done", this.#answer);
  }

  /* Where its publish has not come back yet, that says why. */
  withdrawn(reason: string): void {
    if (!this.isPending) this.ended({ reason }, NO_ATTEMPTS, false);
  }

  ended(
    { reason, error }: { readonly reason: string; readonly error?: unknown },
    attempts: readonly FailedAttempt[],
    _isGivenBack: boolean,
  ): void {
    this.#replacement?.revoke("the task that it stands for has failed");
    if (this.cancelReason !== undefined) return this.endCancelled();
    const { name: task, id: taskId } = this;
    const cause = error ?? attempts.at(-1)?.error;
    this.end("failed", new TaskFailedError({ task, taskId, reason }, attempts, cause));
  }

  // ── What its owner asks ───────────────────────────────────────────────────────────────────────────────────────

  protected stop(reason: string): void {
    if (this.#replacement !== undefined) return this.#replacement.revoke(reason);
    const standing = this.#queued?.standing ?? "apart";
    if (standing === "running") this.#attempt?.abort(new TaskCancelledError(this.name, reason));
    else if (standing !== "apart") this.#host.giveUp(this.#queued!, reason);
    else if (!this.#host.cancelDelayed(this.id)) this.#endBeforePlaced();
  }

  /* Held, in a transaction, or waiting for a place: if it comes to a handler nevertheless, that is not called. */
  #endBeforePlaced(): void {
    const queued = this.#queued;
    this.endCancelled();
    if (queued !== undefined) this.#host.stopWaiting(queued);
  }

  override end(state: Ending["state"], value: unknown): void {
    super.end(state, value);
    this.#queued = this.#attempt = this.#answer = this.#replacement = undefined; // the record outlives them
    this.#origin = originIn(undefined);
  }
}
