/** What becomes of tasks that do not end with a result. */
import type { StandardSchemaV1 } from "@standard-schema/spec";

import { nameErrors, SignalboxError } from "./base.js";
import { issuesIn } from "./issues.js";

/** One attempt that failed; the same facts as in a dead letter. */
export interface FailedAttempt {
  /** 1 at first. */
  readonly attempt: number;
  readonly at: Date;
  /** Milliseconds. */
  readonly ran: number;
  readonly error: unknown;
}

/** A task ended without a result; its `cause` is what the last attempt threw. */
export class TaskFailedError extends SignalboxError {
  readonly task: string;
  readonly taskId: string;
  /** As a dead letter has it: `failed`, `timeout`, `loop`, or why the delivery was dropped, expired or abandoned. */
  readonly reason: string;
  readonly attempts: readonly FailedAttempt[];
  constructor(
    { task, taskId, reason }: { task: string; taskId: string; reason: string },
    attempts: readonly FailedAttempt[],
    cause: unknown,
  ) {
    const times = attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`;
    const does = "Look at `cause` and `attempts`; a dead letter can be replayed.";
    const options = cause === undefined ? undefined : { cause };
    super(
      "SIGNALBOX_TASK_FAILED",
      `Task ${task} (${taskId}) failed after ${times}: ${reason}. ${does}`,
      options,
    );
    this.task = task;
    this.taskId = taskId;
    this.reason = reason;
    this.attempts = attempts;
  }
}

/** Somebody cancelled the task, or the work that it was a part of; also the reason of its signal. */
export class TaskCancelledError extends SignalboxError {
  readonly task: string;
  readonly reason: string;
  constructor(task: string, reason: string) {
    super(
      "SIGNALBOX_TASK_CANCELLED",
      `${task} was cancelled: ${reason}. Run it again if it is still wanted.`,
    );
    this.task = task;
    this.reason = reason;
  }
}

/** No handler of this bus takes the task: nothing was run. */
export class UnhandledTaskError extends SignalboxError {
  readonly task: string;
  constructor(task: string) {
    const does = "Mark a method with @Handles and name its class in createBus({ subscribers }).";
    super("SIGNALBOX_UNHANDLED_TASK", `No handler of this bus takes task ${task}. ${does}`);
    this.task = task;
  }
}

/** A handler answered a result that its task's output schema does not take. */
export class InvalidResultError extends SignalboxError {
  readonly task: string;
  readonly issues: readonly StandardSchemaV1.Issue[];
  constructor(task: string, issues: readonly StandardSchemaV1.Issue[]) {
    const says = `The result of task ${task} is not valid: ${issuesIn(issues)}.`;
    super("SIGNALBOX_INVALID_RESULT", `${says} Return what its output schema takes.`);
    this.task = task;
    this.issues = issues;
  }
}

/** Work was replaced by work that was replaced, and so on, without an end. */
export class ReplaceDepthError extends SignalboxError {
  /** The names of the tasks, the latest last. */
  readonly chain: readonly string[];
  constructor(chain: readonly string[]) {
    const says = `Work was replaced ${chain.length} times in a row (… → ${chain.slice(-4).join(" → ")}).`;
    super("SIGNALBOX_REPLACE_DEPTH", `${says} Give a result at some point instead of more work.`);
    this.chain = chain;
  }
}

/** Too few members of a group ended with a result; its `cause` is the first error among them. */
export class GroupFailedError extends SignalboxError {
  /** How many results the group required. */
  readonly required: number;
  /** How each member ended, in the order of the group. */
  readonly settled: readonly { readonly state: "done" | "failed" | "cancelled" }[];
  constructor(
    required: number,
    settled: readonly { readonly state: "done" | "failed" | "cancelled" }[],
    cause: unknown,
  ) {
    const done = settled.filter(({ state }) => state === "done").length;
    const says = `${done} of ${settled.length} members of a group ended with a result, ${required} were required.`;
    super("SIGNALBOX_GROUP_FAILED", `${says} Look at \`settled\` for each of them.`, { cause });
    this.required = required;
    this.settled = settled;
  }
}

nameErrors({
  TaskFailedError,
  TaskCancelledError,
  UnhandledTaskError,
  InvalidResultError,
  ReplaceDepthError,
  GroupFailedError,
});
