/** What SQLite throws, in the words of Signalbox. */
import { StoreError, type StoreProblem } from "../transport/store-errors.js";

/* Primary result codes, the low byte of `errcode`. */
const PROBLEMS: ReadonlyMap<number, StoreProblem> = new Map([
  [5, "busy"],
  [6, "busy"],
  [8, "readonly"],
  [10, "broken"],
  [11, "corrupt"],
  [13, "full"],
  [14, "broken"],
  [26, "corrupt"],
]);
const NESTED = "within a transaction";

const ADVICE: Readonly<Record<StoreProblem, string>> = {
  busy: "Shorten the transactions of whoever else writes to it, or raise `busyMax`.",
  readonly: "Give this process the right to write to the file and to its folder.",
  corrupt: "Look at it with `PRAGMA integrity_check`, and restore it from a backup.",
  full: "Make room on the disk, or raise its `max_page_count`; nothing that was accepted is lost.",
  broken: "Look at the cause, and at the disk.",
  settings: "Look at the cause.",
};

/** Whether somebody else writes, or the application has a transaction open: to be tried again. */
export function isBusy(error: unknown): boolean {
  const { errcode = 0, message = "" } = (error ?? {}) as { errcode?: number; message?: string };
  return PROBLEMS.get(errcode & 0xff) === "busy" || message.includes(NESTED);
}

/** An error of SQLite as one of Signalbox; any other as it is. */
export function storeError(error: unknown): Error {
  const { code, errcode = 0, message } = error as { code?: string; errcode?: number; message: string };
  if (code !== "ERR_SQLITE_ERROR") return error as Error;
  const problem = isBusy(error) ? "busy" : (PROBLEMS.get(errcode & 0xff) ?? "broken");
  return new StoreError("sqlite", problem, `${message}. ${ADVICE[problem]}`, { cause: error });
}

/* A constraint that was deferred to the commit is the application's own. */
const CONSTRAINT = 19;

/** What a commit says: of a transaction that the work has ended by itself, of the application's data, or of the store. */
export function commitError(error: unknown): Error {
  const { errcode = 0, message } = error as { errcode?: number; message: string };
  if (/no transaction is active|not open/.test(message)) return new TypeError(ENDED, { cause: error });
  return (errcode & 0xff) === CONSTRAINT ? (error as Error) : storeError(error);
}

const ENDED =
  "The work has ended the transaction by itself. Leave BEGIN, COMMIT and ROLLBACK, and the closing, to the bus.";
