/** The run of a task that a store carries: what becomes of it is written down, since it may be handled anywhere. */
import { BusClosedError, type FailedAttempt } from "../errors.js";
import { isOutcome } from "../delivery/outcome.js";
import { isThenable } from "../runtime/thenable.js";
import { replacementIn } from "../task/task-delivery.js";
import type { Progress } from "../task/task-handle.js";
import type { Ending, Order } from "../task/work.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Desk, Written } from "./desk.js";
import type { RunOrigin } from "./run-origin.js";
import { type TaskHost, TaskRun } from "./task-run.js";
import { endingOf, type TaskRecord } from "./task-record.js";

export interface KeptParts {
  readonly name: string;
  readonly host: TaskHost;
  readonly origin: RunOrigin;
  readonly ended?: Order["ended"];
  readonly desk: Desk;
}

export class KeptRun extends TaskRun implements Written {
  readonly #desk: Desk;
  /* The store has it. */
  #isSent = false;
  /* What its record says must not be written into it again. */
  #isWritten = false;
  /* The latest progress that was told elsewhere. */
  #told: string | undefined;
  #takeBack: (() => void) | undefined;
  #settle: (() => void) | undefined;
  readonly #keep: () => void;

  constructor({ name, host, origin, ended, desk }: KeptParts) {
    super(name, host, origin, ended);
    this.#keep = () => host.keep(this);
    this.#desk = desk;
  }

  get isWatched(): boolean {
    return this.isAwaited || this.isHere;
  }

  protected override get isRunning(): boolean {
    return super.isRunning || this.#told !== undefined;
  }

  // ── What the delivery tells ───────────────────────────────────────────────────────────────────────────────────

  override sent(transaction: unknown): void {
    this.#isSent = true;
    this.#takeBack = this.#desk.opened(this, transaction);
    this.#keep(); // it may never end here: then its record has the rest
    if (this.isAwaited) this.#desk.watch(this);
  }

  override refused(error: unknown): void {
    this.#takeBack?.();
    this.#isWritten = true;
    super.refused(error);
  }

  /** Known already: nothing is sent, and what its record says holds. */
  isKnown(record: TaskRecord): void {
    this.#isSent = true;
    this.isPending = false;
    this.learn(record);
    if (this.isAwaited) this.#desk.watch(this);
  }

  override attempted(attempt: AttemptDelivery): void {
    super.attempted(attempt);
    this.#isSent = true;
    this.#desk.watch(this); // somebody may cancel it elsewhere
  }

  /* What a crash has left between the result and the settlement is not handled again. */
  override begins(): string | undefined | Promise<string | undefined> {
    const why = super.begins();
    if (why !== undefined) return why;
    const record = this.#desk.read(this.id);
    return isThenable(record) ? record.then((found) => this.#unwanted(found)) : this.#unwanted(record);
  }

  #unwanted(record: TaskRecord | undefined): string | undefined {
    if (record?.state === "done") return "it had ended before";
    if (record?.cancel !== undefined) this.revoke(record.cancel);
    return this.cancelReason;
  }

  /** The result is kept before its delivery is settled; throws where it cannot be. */
  async keeps(answer: unknown): Promise<void> {
    if (replacementIn(answer) !== undefined || this.isReplaced) return;
    if (isOutcome(answer) && answer.outcome !== "done") return;
    const value = isOutcome(answer) ? this.answer : answer;
    await this.#desk.ended(this, { state: "done", value });
    this.#isWritten = true;
  }

  /** Its delivery is settled when the work in its place has ended, so that a crash before that gives it to another process. */
  override holds(settle: () => void): boolean {
    if (!this.isReplaced) return false;
    this.#settle = settle;
    return true;
  }

  /* Given back, it has not ended: another process has it next, or this one. */
  override ended(
    because: { readonly reason: string; readonly error?: unknown },
    attempts: readonly FailedAttempt[],
    isGivenBack: boolean,
  ): void {
    if (isGivenBack && this.cancelReason === undefined) this.givenBack();
    else super.ended(because, attempts, isGivenBack);
  }

  override report(done: number, total: number, note?: string): void {
    super.report(done, total, note);
    if (!this.isOver) this.#desk.report(this, { done, total, note });
  }

  // ── What its owner asks ───────────────────────────────────────────────────────────────────────────────────────

  override get progress(): AsyncIterable<Progress> {
    this.#desk.watch(this);
    return super.progress;
  }

  override result(options?: { signal?: AbortSignal | undefined }): Promise<unknown> {
    const result = super.result(options);
    if (this.#isSent) this.#desk.watch(this);
    return result;
  }

  protected override stop(reason: string): void {
    if (this.#desk.isClosed) return this.abandon(new BusClosedError());
    if (this.isHere || !this.#isSent) return super.stop(reason);
    this.#desk.askToCancel(this, reason);
    this.#desk.watch(this);
  }

  // ── What the desk tells ───────────────────────────────────────────────────────────────────────────────────────

  learn(record: TaskRecord): void {
    const ending = endingOf(record);
    if (ending !== undefined) return this.#learnEnd(ending);
    if (record.progress !== undefined && !this.isHere) this.#learnProgress(record.progress);
    if (record.cancel !== undefined && this.isHere) this.revoke(record.cancel);
  }

  /* Run again, the work in its place has the same ids: it goes on. */
  protected override forsake(): void {}

  protected override get replacementId(): string {
    return `${this.id}/r`;
  }

  #learnProgress(progress: Progress): void {
    const { done, total, note } = progress;
    const told = JSON.stringify(progress);
    if (told !== this.#told) super.report(done, total, note);
    this.#told = told;
  }

  /* Of a delivery that comes again here, the handler has the last word. */
  #learnEnd(ending: Ending): void {
    if (this.isHere && !this.isReplaced) return;
    this.#isWritten = true;
    this.end(ending.state, ending.state === "done" ? ending.value : ending.error);
  }

  abandon(error: Error): void {
    if (this.isHere) return; // its delivery says how it ends
    this.#isWritten = true;
    this.#settle = undefined;
    super.end("failed", error);
  }

  override end(state: Ending["state"], value: unknown): void {
    if (this.isOver) return;
    const ending: Ending = state === "done" ? { state, value } : { state, error: value };
    const settle = this.#settle;
    const isCut = this.#desk.isClosing && this.isReplaced && state !== "done";
    this.#settle = undefined;
    super.end(state, value);
    if (!this.#isSent || isCut) return; // what a close has cut goes on elsewhere
    const written = this.#isWritten ? Promise.resolve(true) : this.#desk.tellEnded(this, ending);
    if (settle !== undefined) void written.then((isWritten) => (isWritten ? settle() : undefined));
  }
}
