/** Progress of one run: the latest for whoever comes, the rest for whoever is there. */
import type { Progress } from "../task/task-handle.js";

/* For a reader that is slower than the reports. */
const KEPT_MAX = 1_000;

interface Reader {
  readonly kept: Progress[];
  woken: (() => void) | undefined;
}

export class ProgressFeed implements AsyncIterable<Progress> {
  /* Told to whoever comes; an object is made of it only when somebody is there. */
  #done: number | undefined;
  #total = 0;
  #note: string | undefined;
  #isOver = false;
  readonly #readers = new Set<Reader>();

  /** Whether anybody is there. */
  get isRead(): boolean {
    return this.#readers.size > 0;
  }

  report(done: number, total: number, note: string | undefined): void {
    if (this.#isOver) return;
    this.#done = done;
    this.#total = total;
    this.#note = note;
    if (this.#readers.size === 0) return;
    const progress = Object.freeze({ done, total, note });
    for (const reader of this.#readers) {
      if (reader.kept.push(progress) > KEPT_MAX) reader.kept.shift();
      reader.woken?.();
    }
  }

  over(): void {
    this.#isOver = true;
    for (const reader of this.#readers) reader.woken?.();
  }

  #latest(): Progress[] {
    if (this.#done === undefined) return [];
    return [Object.freeze({ done: this.#done, total: this.#total, note: this.#note })];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Progress, void> {
    const reader: Reader = { kept: this.#latest(), woken: undefined };
    this.#readers.add(reader);
    try {
      for (;;) {
        yield* reader.kept.splice(0);
        if (reader.kept.length > 0) continue;
        if (this.#isOver) return;
        await new Promise<void>((resolve) => (reader.woken = resolve));
      }
    } finally {
      this.#readers.delete(reader);
    }
  }
}
