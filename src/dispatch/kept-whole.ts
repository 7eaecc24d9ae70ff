/** Divided work on a store: its parts have ids that follow from its own, so that it goes on where it stood, wherever it is run again. */
import type { Ending } from "../task/work.js";
import type { Desk, Written } from "./desk.js";
import { endingOf, type TaskRecord } from "./task-record.js";
import { type WholeFacts, type WholeHost, WholeRun } from "./whole-run.js";

export class KeptWhole extends WholeRun implements Written {
  readonly #desk: Desk;
  #isWritten = false;

  constructor(facts: WholeFacts, host: WholeHost, desk: Desk) {
    super(facts, host);
    this.#desk = desk;
    desk.opened(this, undefined);
  }

  /* It runs here: what is watched are its parts. */
  get isWatched(): boolean {
    return true;
  }

  protected override partId(as: number | string): string {
    return `${this.id}/${as}`;
  }

  override report(done: number, total: number, note?: string): void {
    super.report(done, total, note);
    if (!this.isOver) this.#desk.report(this, { done, total, note });
  }

  learn(record: TaskRecord): void {
    const ending = endingOf(record);
    if (record.cancel !== undefined) this.revoke(record.cancel);
    if (ending === undefined) return;
    this.#isWritten = true;
    this.end(ending.state, ending.state === "done" ? ending.value : ending.error);
  }

  abandon(error: Error): void {
    this.#isWritten = true;
    this.end("failed", error);
  }

  /* What a close has cut is no failure: it goes on elsewhere. */
  override end(state: Ending["state"], value: unknown): void {
    if (this.isOver) return;
    super.end(state, value);
    if (this.#isWritten || (this.#desk.isClosing && state === "failed")) return;
    void this.#desk.tellEnded(this, state === "done" ? { state, value } : { state, error: value });
  }
}
