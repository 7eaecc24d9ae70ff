/** What a mode of the test bus does between a delivery and its handler: let it run, mute it, hold it until its step. */
import type { Delivery } from "../index.js";

/** What the test bus does with deliveries. */
export type Mode = "run" | "capture" | "manual";

interface Held {
  readonly delivery: Delivery;
  readonly release: () => void;
}

export class Gate {
  readonly #mode: Mode;
  readonly #muted: ReadonlySet<string>;
  readonly #held: Held[] = [];

  /** `muted` are names of subscriptions. */
  constructor(mode: Mode, muted: ReadonlySet<string>) {
    this.#mode = mode;
    this.#muted = muted;
  }

  get isManual(): boolean {
    return this.#mode === "manual";
  }

  /** How many deliveries wait for their step. */
  get size(): number {
    return this.#held.length;
  }

  isMuted(subscription: string): boolean {
    return this.#mode === "capture" || this.#muted.has(subscription);
  }

  /** Resolves when it is the delivery's turn; rejects when its signal aborts first. */
  turn(delivery: Delivery): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = delivery;
      const stop = (): void => (this.#drop(held), reject(signal.reason as Error));
      const release = (): void => (signal.removeEventListener("abort", stop), resolve());
      const held: Held = { delivery, release };
      this.#held.push(held);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  /** Lets the first go that waits; answers whether there was one. */
  step(): boolean {
    const first = this.#held.shift();
    first?.release();
    return first !== undefined;
  }

  #drop(held: Held): void {
    const index = this.#held.indexOf(held);
    if (index >= 0) this.#held.splice(index, 1);
  }
}
