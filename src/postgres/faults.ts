/** What PostgreSQL and the way to it throw, in the words of Signalbox. */
import { StoreError, type StoreProblem } from "../transport/store-errors.js";

/* SQLSTATE: whole, or the class of two characters. */
const PROBLEMS: ReadonlyMap<string, StoreProblem> = new Map([
  ["40001", "busy"],
  ["40P01", "busy"],
  ["55P03", "busy"],
  ["25006", "readonly"],
  ["42501", "readonly"],
  ["53100", "full"],
  ["XX001", "corrupt"],
  ["XX002", "corrupt"],
]);
/* Connection exceptions, and the server that shuts down, ends what is idle or has no room for one more. */
const LOST = /^(08...|57P0[1235]|25P0[34]|53300|E[A-Z]+)$/;
const LOST_SAYS =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying/;

const ADVICE: Readonly<Record<StoreProblem, string>> = {
  busy: "Shorten the transactions of whoever else writes to its tables.",
  readonly: "Connect to the primary, as a role that may write to the schema.",
  corrupt: "Look at the server's log, and restore it from a backup.",
  full: "Make room on the server's disk; nothing that was accepted is lost.",
  broken: "Look at the cause, at the server and at the way to it.",
  settings: "Look at the cause.",
};

/** Whether two transactions got in each other's way: nothing is written, and it is to be tried again. */
export function isBusy(error: unknown): boolean {
  return PROBLEMS.get(codeOf(error)) === "busy";
}

/** Whether a pooler hands out connections that others have prepared statements on: nothing is to be prepared there. */
export function isUnprepared(error: unknown): boolean {
  return codeOf(error) === "26000" || codeOf(error) === "42P05";
}

/** Whether it is the way to the server that failed, not what was asked of it. */
export function isConnectionLost(error: unknown): boolean {
  const { message = "", errors } = (error ?? {}) as { message?: string; errors?: readonly unknown[] };
  return LOST.test(codeOf(error)) || LOST_SAYS.test(message) || errors?.some(isConnectionLost) === true;
}

/** What the server says of a transaction that has read what is over by now. */
export function notSerialisable(): Error {
  const says = "could not serialize access: the transaction reads what has changed since it began";
  return Object.assign(new Error(says), { code: "40001" });
}

/** Whether somebody else has held a lock for too long. */
export function isLocked(error: unknown): boolean {
  return codeOf(error) === "55P03";
}

/** An error of the server, or of the way to it, as one of Signalbox; any other as it is. */
export function storeError(error: unknown): Error {
  const code = codeOf(error);
  const isOfStore = /^[0-9A-Z]{5}$/.test(code) || isConnectionLost(error);
  if (!isOfStore || error instanceof StoreError) return error as Error;
  const problem = PROBLEMS.get(code) ?? "broken";
  const { message } = error as Error;
  const says = message === "" ? code : message;
  return new StoreError("postgres", problem, `${says}. ${ADVICE[problem]}`, { cause: error });
}

/* A constraint that was deferred to the commit is the application's own. */
const CONSTRAINT = /^23...$/;
const ABORTED = "25P02";

/** What a commit says: of a statement that failed in the work, of the application's data, or of the store. */
export function commitError(error: unknown): Error {
  const code = codeOf(error);
  if (code === ABORTED) return new TypeError(FAILED, { cause: error });
  return CONSTRAINT.test(code) ? (error as Error) : storeError(error);
}

const FAILED =
  "A statement of the work has failed, and with it the transaction, though the work went on. Let the error end the work, or roll back to a SAVEPOINT before it.";

const TRIES = 10;

/** Where two get in each other's way one of them is told to come again. */
export async function tried<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || tries === TRIES) throw storeError(error);
    }
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}
