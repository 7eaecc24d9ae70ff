// Who does the work: the lane says how many files are read at once.
import { readFile } from "node:fs/promises";
import { Handles, Subscriber, type TaskDelivery } from "signalbox";
import { type Counted, CountWords, JoinCounts } from "./tasks.js";

@Subscriber({ name: "words" })
export class WordCounter {
  /** The most that ever ran side by side. */
  static mostAtOnce = 0;
  #running = 0;

  @Handles(CountWords, { lane: "reading", retry: 2 })
  async count({ file }: CountWords, { signal }: TaskDelivery): Promise<Record<string, number>> {
    WordCounter.mostAtOnce = Math.max(WordCounter.mostAtOnce, ++this.#running);
    try {
      return countIn(await readFile(file, { encoding: "utf8", signal }));
    } finally {
      this.#running--;
    }
  }

  @Handles(JoinCounts)
  join({ counts, top }: JoinCounts): Counted {
    const all = new Map<string, number>();
    for (const count of counts)
      for (const [word, times] of Object.entries(count)) all.set(word, (all.get(word) ?? 0) + times);
    const sorted = [...all].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    const words = sorted.reduce((sum, [, times]) => sum + times, 0);
    return { files: counts.length, words, top: sorted.slice(0, top) };
  }
}

/** Words are letters in a row; an object without a prototype, since "constructor" is a word. */
export function countIn(text: string): Record<string, number> {
  const counts = Object.create(null) as Record<string, number>;
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu)) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
