/** A process that is killed: a real one, or under virtual time one that falls silent and never wakes. */
import type { Forked } from "./hooks.js";
import { type Hand, idOf, wireOf } from "./hand.js";
import type { PassingTime } from "./passing-time.js";
import type { Sleeper } from "./sleeper.js";

export interface Orders {
  readonly group: string;
  readonly event: string;
  /** Of those that it sends. */
  readonly ids: readonly string[];
  /** Of each that it sends, beside its id. */
  readonly body?: string | undefined;
}

/** What it has is never settled. */
export interface Victim {
  /** The ids that it was handed. */
  readonly came: readonly string[];
  /** Whether what it sent has been accepted. */
  readonly hasSent: boolean;
  /** Sends, and answers when that is under way; in an order without ids it consumes. */
  does(orders: Orders): Promise<void>;
  /** Resolves when it is gone. */
  kill(): Promise<void>;
}

export class SilentVictim implements Victim {
  hasSent = false;
  readonly #hand: Hand;
  readonly #sleeper: Sleeper;

  constructor(hand: Hand, sleeper: Sleeper) {
    this.#hand = hand;
    this.#sleeper = sleeper;
  }

  get came(): readonly string[] {
    return this.#hand.items.map(idOf);
  }

  async does({ group, event, ids, body }: Orders): Promise<void> {
    if (ids.length === 0) return this.#hand.declare(group, event);
    const wires = ids.map((id) => wireOf(event, { id, ...(body !== undefined && { body }) }, true));
    const sent = Promise.resolve(this.#hand.transport.send(wires));
    sent.then(
      () => (this.hasSent = true),
      () => undefined,
    );
  }

  kill(): Promise<void> {
    this.#sleeper.sleep();
    return Promise.resolve();
  }
}

/** What a forked process says. */
export type Said = "ready" | "sent" | { readonly came: string };

export class ForkedVictim implements Victim {
  readonly came: string[] = [];
  hasSent = false;
  readonly #forked: Forked;
  readonly #place: string;
  readonly #time: PassingTime;
  #isReady = false;
  #isGone = false;

  constructor(forked: Forked, place: string, time: PassingTime) {
    this.#forked = forked;
    this.#place = place;
    this.#time = time;
    forked.on("message", (said) => this.#hears(said as Said));
    forked.once("exit", () => (this.#isGone = true));
  }

  async does(orders: Orders): Promise<void> {
    this.#forked.send({ place: this.#place, ...orders });
    await this.#time.until(
      () => this.#isReady,
      () => "the process that was forked is not ready",
    );
  }

  kill(): Promise<void> {
    this.#forked.kill("SIGKILL");
    return this.#time.until(
      () => this.#isGone,
      () => "the process that was killed is still there",
    );
  }

  #hears(said: Said): void {
    if (said === "ready") this.#isReady = true;
    else if (said === "sent") this.hasSent = true;
    else this.came.push(said.came);
  }
}
