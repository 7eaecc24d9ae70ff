// Shows how far it is: one line that is rewritten on a terminal, a plain line now and then anywhere else.
import type { WriteStream } from "node:tty";

const PLAIN_EVERY = 500; // milliseconds

export class Progress {
  #shownAt = 0;
  #rewriting = false;

  constructor(private readonly out: WriteStream) {}

  show(text: string): void {
    if (this.out.isTTY) this.#rewrite(text);
    else if (performance.now() - this.#shownAt >= PLAIN_EVERY) this.log(text);
  }

  /** A line that stays. */
  log(line: string): void {
    if (this.#rewriting) this.#clear();
    this.#shownAt = performance.now();
    this.out.write(`${line}\n`);
  }

  #rewrite(text: string): void {
    this.#clear();
    this.#rewriting = true;
    this.out.write(text.slice(0, this.out.columns - 1));
  }

  #clear(): void {
    this.#rewriting = false;
    this.out.write("\r\u001b[2K");
  }
}
