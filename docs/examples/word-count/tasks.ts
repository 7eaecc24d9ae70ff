// The tasks: one counts the words of a file, one joins the counts of many.
import { Task } from "signalbox";

export interface Counted {
  readonly files: number;
  readonly words: number;
  /** The most frequent first. */
  readonly top: readonly (readonly [word: string, times: number])[];
}

export class CountWords extends Task("words.count")<{ file: string }, Readonly<Record<string, number>>> {}
export class JoinCounts extends Task("words.join")<
  { counts: readonly Readonly<Record<string, number>>[]; top: number },
  Counted
> {}
