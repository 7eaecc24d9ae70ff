// A full-text index of code and reviews: slow, and not to be hurried.
import { setTimeout as sleep } from "node:timers/promises";

export class SearchIndex {
  readonly #entries = new Map<string, string>();

  async add(id: string, text: string, signal: AbortSignal): Promise<void> {
    await sleep(40, undefined, { signal });
    this.#entries.set(id, text);
  }

  get size(): number {
    return this.#entries.size;
  }
}
