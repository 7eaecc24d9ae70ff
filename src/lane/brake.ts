/** What holds a lane back although deliveries are ready: a pause, the rate, the breaker. */
import type { Runtime } from "../runtime/runtime.js";
import type { Timer, Timers } from "../runtime/timers.js";
import { Breaker } from "./breaker.js";
import type { LaneLimits } from "./lane-options.js";
import { TokenBucket } from "./rate.js";

export class Brake {
  isPaused = false;
  readonly #runtime: Runtime;
  readonly #timers: Timers;
  readonly #onFree: () => void;
  readonly #bucket: TokenBucket | undefined;
  readonly #breaker: Breaker | undefined;
  #refill: Timer | undefined;

  constructor(limits: LaneLimits, wiring: { runtime: Runtime; timers: Timers; onFree: () => void }) {
    const { rate, breaker } = limits;
    this.#runtime = wiring.runtime;
    this.#timers = wiring.timers;
    this.#onFree = wiring.onFree;
    this.#bucket =
      rate?.isByKey === false
        ? new TokenBucket(rate.limit, rate.intervalMs, wiring.runtime.host.monotonic())
        : undefined;
    this.#breaker = breaker && new Breaker(breaker, wiring.timers, wiring.onFree);
  }

  /** Whether the breaker has stopped the lane. */
  get isBroken(): boolean {
    return this.#breaker?.isOpen === true;
  }

  /** Whether only a timer or a resume lets the next one start. */
  get isHolding(): boolean {
    return this.isPaused || this.#refill !== undefined || this.#breaker?.isHolding === true;
  }

  /** Whether the next one may start; uses up a token of the rate, and the probe of the breaker. */
  mayStart(): boolean {
    if (this.isPaused || this.#refill !== undefined || this.#breaker?.isHolding === true) return false;
    const wait = this.#bucket?.take(this.#runtime.host.monotonic()) ?? 0;
    if (wait > 0) this.#refill = this.#timers.after(wait, () => this.#refilled(), "rate");
    else this.#breaker?.started();
    return wait === 0;
  }

  /** How an attempt went; answers whether the lane stops or goes on because of it. */
  attempted(isFailure: boolean): "stops" | "goes on" | undefined {
    return isFailure ? this.#breaker?.failed() : this.#breaker?.succeeded();
  }

  /** A delivery has left its slot. */
  ended(): void {
    this.#breaker?.ended();
  }

  stop(): void {
    this.#refill?.cancel();
    this.#breaker?.stop();
  }

  #refilled(): void {
    this.#refill = undefined;
    this.#onFree();
  }
}
