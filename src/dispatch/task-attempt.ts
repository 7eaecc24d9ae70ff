/** One attempt at a task: a delivery that can tell how far it is, and give work in its place. */
import type { Work } from "../event/event.js";
import { show } from "../runtime/options.js";
import type { Moment } from "../runtime/turn.js";
import { type Replacement, replacementBy } from "../task/task-delivery.js";
import { isWork } from "../task/work.js";
import { AttemptDelivery, type AttemptHost } from "./attempt.js";
import type { TaskRun } from "./task-run.js";
import type { Ticket } from "./ticket.js";

export class TaskAttempt extends AttemptDelivery {
  readonly run: TaskRun;

  constructor(ticket: Ticket, host: AttemptHost, started: Moment) {
    super(ticket, host, started);
    this.run = ticket.publication.follower as TaskRun;
    this.run.attempted(this);
  }

  progress(done: number, total: number, note?: string): void {
    if (!Number.isFinite(done) || !Number.isFinite(total))
      throw new TypeError(
        `Expected \`progress(done, total)\` to be two finite numbers, got ${show(done)} and ${show(total)}.`,
      );
    if (note !== undefined && typeof note !== "string")
      throw new TypeError(`Expected the note of \`progress()\` to be a text, got ${show(note)}.`);
    if (!this.isOver) this.run.report(done, total, note);
  }

  replace<R>(work: Work<R>): Replacement<R> {
    if (isWork(work)) return replacementBy(work);
    throw new TypeError(`Expected what replaces a task to be work, such as a task, got ${show(work)}.`);
  }
}
