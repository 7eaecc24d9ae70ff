/** Turns: so many at a time, in the order in which they came. Whoever waits does so until it is refused or aborts. */
import type { Host } from "../runtime/host.js";

export interface TurnsParts {
  readonly host: () => Host;
  /** How many there are at a time. */
  readonly most: number;
  /** How long is waited without a signal, in milliseconds; with one, until it aborts. */
  readonly waitMaxMs: number;
  /** What whoever has waited so long is refused with. */
  readonly late: () => Error;
}

interface Waiting {
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

export class Turns {
  readonly #parts: TurnsParts;
  readonly #waiting = new Set<Waiting>();
  #taken = 0;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
  }

  /** Resolves when it is one's turn. */
  async take(signal: AbortSignal | undefined): Promise<void> {
    if (this.#taken < this.#parts.most) this.#taken++;
    else await this.#wait(signal);
  }

  /** One is over, and is handed on to the first that waits. */
  give(): void {
    const [first] = this.#waiting;
    if (first === undefined) this.#taken--;
    else first.go();
  }

  /** Refuses all that wait. */
  refuse(error: Error): void {
    for (const { refuse } of this.#waiting) refuse(error);
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const { host, waitMaxMs, late } = this.#parts;
      const leave = (): void => waiting.refuse(signal!.reason as Error);
      const timer = signal === undefined ? host().timer(() => waiting.refuse(late()), waitMaxMs) : undefined;
      const left = (): void => {
        this.#waiting.delete(waiting);
        timer?.cancel();
        signal?.removeEventListener("abort", leave);
      };
      const waiting: Waiting = { go: () => (left(), resolve()), refuse: (error) => (left(), reject(error)) };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.add(waiting);
    });
  }
}
