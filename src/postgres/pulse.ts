/** When to look again: after a while in any case, and sooner where something is known to be due. */
import { withoutContext } from "../runtime/context.js";
import type { Host, HostTimer } from "../runtime/host.js";

export class Pulse {
  readonly #host: () => Host;
  readonly #beat: () => void;
  #armed: { readonly timer: HostTimer; readonly at: number } | undefined;
  #nextDue: number | undefined;
  #notBefore = -Infinity;

  constructor(host: () => Host, beat: () => void) {
    this.#host = host;
    this.#beat = beat;
  }

  /** Whether something is due by now. */
  get isDue(): boolean {
    return this.#due <= this.#now;
  }

  /** In how many milliseconds the next is due, if there is one. */
  next(dueIn: number | undefined): void {
    this.#nextDue = dueIn === undefined ? undefined : this.#now + dueIn;
  }

  /** Nothing counts as due for so many milliseconds. */
  rest(ms: number): void {
    this.#notBefore = this.#now + ms;
  }

  /** Another one is due then. */
  expect(dueIn: number): void {
    this.#nextDue = Math.min(this.#nextDue ?? Infinity, this.#now + dueIn);
  }

  /** Beats once, so many milliseconds from now at the latest. */
  arm(longest: number): void {
    const wait = Math.max(0, Math.min(longest, this.#due - this.#now));
    const at = this.#now + wait;
    if (this.#armed !== undefined && this.#armed.at <= at) return;
    this.stop();
    const timer = withoutContext(() => this.#host().timer(() => this.#fire(), wait));
    this.#armed = { timer, at };
  }

  stop(): void {
    this.#armed?.timer.cancel();
    this.#armed = undefined;
  }

  #fire(): void {
    this.#armed = undefined;
    this.#beat();
  }

  get #due(): number {
    return Math.max(this.#nextDue ?? Infinity, this.#notBefore);
  }

  get #now(): number {
    return this.#host().monotonic();
  }
}
