/** What a store keeps of a run: from its acceptance until its result has been there for a while. */
import { SignalboxError, TaskCancelledError, TaskFailedError, toError } from "../errors.js";
import { jsonValue } from "../event/json-value.js";
import type { Progress } from "../task/task-handle.js";
import type { Ending } from "../task/work.js";
import { NO_ATTEMPTS } from "./follower.js";

export interface TaskRecord {
  /** The name of the task, or of the work. */
  readonly task: string;
  readonly state: "waiting" | Ending["state"];
  readonly value?: unknown;
  readonly failure?: Failure | undefined;
  readonly progress?: Progress | undefined;
  /** Somebody wants it to end, and says why. */
  readonly cancel?: string | undefined;
}

/** An error as far as it can be told elsewhere. */
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly task?: string | undefined;
  readonly taskId?: string | undefined;
  readonly reason?: string | undefined;
  readonly attempts?: readonly { attempt: number; at: number; ran: number; error: Failure }[] | undefined;
  readonly cause?: Failure | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/* An error holds whatever a server sent. */
const TEXT_MAX = 10_000;

/** Throws an `EnvelopeError` where the result does not survive JSON. */
export function bytesOf(record: TaskRecord): Uint8Array {
  const { value, ...facts } = record;
  const kept = value === undefined ? facts : { ...facts, value: jsonValue(value, "result") };
  return encoder.encode(JSON.stringify(kept));
}

export function recordIn(bytes: Uint8Array): TaskRecord {
  return JSON.parse(decoder.decode(bytes)) as TaskRecord;
}

/** A record as the run ends with. */
export function endedAs(record: Pick<TaskRecord, "task">, ending: Ending): TaskRecord {
  const { task } = record;
  if (ending.state === "done") return { task, state: "done", value: ending.value };
  return { task, state: ending.state, failure: failureOf(toError(ending.error)) };
}

/** How it ended; undefined where it has not. */
export function endingOf({ task, state, value, failure }: TaskRecord): Ending | undefined {
  if (state === "waiting") return undefined;
  if (state === "done") return { state, value };
  return { state, error: failure === undefined ? new Error(`${task} ${state}`) : errorOf(failure) };
}

function failureOf(error: Error): Failure {
  const { name, message } = error;
  const code = error instanceof SignalboxError ? error.code : undefined;
  const facts = { name, message: message.slice(0, TEXT_MAX), code };
  if (error instanceof TaskCancelledError) return { ...facts, task: error.task, reason: error.reason };
  if (!(error instanceof TaskFailedError)) return facts;
  const { task, taskId, reason, cause } = error;
  const attempts = error.attempts.map(({ attempt, at, ran, error: thrown }) => ({
    attempt,
    at: at.getTime(),
    ran,
    error: plainOf(thrown),
  }));
  return {
    ...facts,
    task,
    taskId,
    reason,
    attempts,
    cause: cause === undefined ? undefined : plainOf(cause),
  };
}

/* Without what hangs on it, which may be anything. */
function plainOf(thrown: unknown): Failure {
  const { name, message } = toError(thrown);
  return { name, message: message.slice(0, TEXT_MAX) };
}

function errorOf(failure: Failure): Error {
  const { name, message, code, task, taskId, reason, attempts, cause } = failure;
  if (code === "SIGNALBOX_TASK_CANCELLED") return new TaskCancelledError(task ?? "", reason ?? "");
  if (code !== "SIGNALBOX_TASK_FAILED")
    return Object.assign(new Error(message), code === undefined ? { name } : { name, code });
  const failed = attempts?.map((each) => ({ ...each, at: new Date(each.at), error: errorOf(each.error) }));
  const facts = { task: task ?? "", taskId: taskId ?? "", reason: reason ?? "" };
  return new TaskFailedError(facts, failed ?? NO_ATTEMPTS, cause && errorOf(cause));
}
