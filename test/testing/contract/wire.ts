/** A link within the process, on virtual time: requests go one way, answers the other, and both can be disturbed. */
import type { Link, Place, Weather } from "signalbox/testing/contract";

type Host = Place["runtime"]["host"];

interface Pending {
  readonly client: object;
  readonly reject: (error: Error) => void;
  isOver: boolean;
}

export class Wire implements Link {
  isUp = true;
  attempts = 0;
  /** The text whose answer is lost. */
  losing: string | undefined;
  readonly #host: Host;
  readonly #connected = new Set<object>();
  readonly #pending = new Set<Pending>();
  #held: (() => void)[] | undefined;
  #isRefusing = false;
  #latencyMs = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** By the server's clock. */
  now(): number {
    return this.#host.now();
  }

  monotonic(): number {
    return this.#host.monotonic();
  }

  /** Makes a connection where there is none, and answers whether it is new; throws where it is refused. */
  connect(client: object): boolean {
    if (this.#connected.has(client)) return false;
    this.attempts++;
    if (this.#isRefusing || !this.isUp) throw new Error("connection refused");
    this.#connected.add(client);
    return true;
  }

  ask<T>(client: object, text: string, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const pending = { client, reject, isOver: false };
      this.#pending.add(pending);
      const answer = (end: () => void): void =>
        this.#carry(() => pending.isOver || (this.#over(pending), end()));
      this.#carry(() => {
        if (pending.isOver) return;
        this.#work(work, {
          text,
          resolve: (value) => answer(() => resolve(value)),
          reject: (error) => answer(() => reject(error)),
        });
      });
    });
  }

  /** A connection that this client gives up. */
  drop(client: object): void {
    this.#connected.delete(client);
    for (const pending of this.#pending) if (pending.client === client) this.#cut(pending);
  }

  reset(): void {
    this.#connected.clear();
    for (const pending of this.#pending) this.#cut(pending);
  }

  blackHole(): void {
    this.#held ??= [];
  }

  refuse(): void {
    this.#isRefusing = true;
  }

  weather({ latencyMs = 0, jitterMs = 0 }: Weather): void {
    this.#latencyMs = latencyMs + jitterMs;
  }

  heal(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#isRefusing = false;
    this.#latencyMs = 0;
    for (const each of held) each();
  }

  #work<T>(
    work: () => T,
    what: { text: string; resolve: (value: T) => void; reject: (error: Error) => void },
  ): void {
    try {
      const value = work();
      const isLost = this.losing !== undefined && what.text.includes(this.losing);
      if (!isLost) return what.resolve(value);
      this.losing = undefined;
      this.reset();
    } catch (error) {
      what.reject(error as Error);
    }
  }

  #carry(run: () => void): void {
    if (this.#held !== undefined) this.#held.push(run);
    else if (this.#latencyMs === 0) queueMicrotask(run);
    else this.#host.timer(run, this.#latencyMs);
  }

  #cut(pending: Pending): void {
    this.#over(pending);
    pending.reject(new Error("connection reset"));
  }

  #over(pending: Pending): void {
    pending.isOver = true;
    this.#pending.delete(pending);
  }
}
