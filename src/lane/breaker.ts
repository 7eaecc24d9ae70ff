/** A lane that stops by itself after failures in a row, and asks with one delivery whether it may go on. */
import type { Timer, Timers } from "../runtime/timers.js";

type State = "closed" | "open" | "probing" | "probed";

export class Breaker {
  #state: State = "closed";
  #inARow = 0;
  #timer: Timer | undefined;
  #isStopped = false;
  readonly #failuresMax: number;
  readonly #pauseMs: number;
  readonly #timers: Timers;
  readonly #onProbe: () => void;

  constructor(options: { failures: number; pauseMs: number }, timers: Timers, onProbe: () => void) {
    this.#failuresMax = options.failures;
    this.#pauseMs = options.pauseMs;
    this.#timers = timers;
    this.#onProbe = onProbe;
  }

  get isOpen(): boolean {
    return this.#state !== "closed";
  }

  /** Whether nothing may start now. While it probes, one may. */
  get isHolding(): boolean {
    return this.#state === "open" || this.#state === "probed";
  }

  started(): void {
    if (this.#state === "probing") this.#state = "probed";
  }

  succeeded(): "goes on" | undefined {
    this.#inARow = 0;
    if (this.#state !== "probed") return undefined;
    this.#state = "closed";
    return "goes on";
  }

  failed(): "stops" | undefined {
    this.#inARow++;
    if (this.#isStopped) return undefined;
    if (this.#state === "open" || (this.#state === "closed" && this.#inARow < this.#failuresMax))
      return undefined;
    this.#state = "open";
    this.#timer = this.#timers.after(this.#pauseMs, () => this.#probe(), "breaker");
    return "stops";
  }

  /** A delivery has left its slot; a probe that told neither way (its lease was lost) makes room for another. */
  ended(): void {
    if (this.#state === "probed") this.#probe();
  }

  /** It sets no timer any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #probe(): void {
    this.#state = "probing";
    this.#onProbe();
  }
}
