/** Whether the server is within reach: told once when that changes, and asked how long to wait before the next attempt. */
import type { Host } from "../runtime/host.js";

export interface LinkParts {
  readonly host: () => Host;
  readonly pauseMaxMs: number;
  readonly changed: (state: "up" | "down", error?: Error) => void;
}

const PAUSE_MS = 100;

export class Link {
  readonly #parts: LinkParts;
  #failures = 0;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  worked(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#parts.changed("up");
  }

  /** Answers how many milliseconds to wait: longer each time, and never the same for all. */
  failed(error: Error): number {
    if (this.#failures++ === 0) this.#parts.changed("down", error);
    const longest = Math.min(this.#parts.pauseMaxMs, PAUSE_MS * 2 ** Math.min(this.#failures, 20));
    return longest * (0.5 + this.#parts.host().random() / 2);
  }

  /** Nothing was said to anybody. */
  reset(): void {
    this.#failures = 0;
  }
}
