/**
 * The slots of a lane. p-queue owns them: one job per slot, not per delivery, and each job drains the lane until nothing
 * is ready or the lane holds it back.
 */
import PQueue from "p-queue";
import { withoutContext } from "../runtime/context.js";
import type { Runtime } from "../runtime/runtime.js";
import { isThenable } from "../runtime/thenable.js";

/** Where slots get their deliveries from. */
export interface Source<T> {
  /** Whom a hand-over is about. */
  readonly name: string;
  /** How many are ready. */
  readonly ready: number;
  /** Whether the next one may start: not paused, a token of the rate left. May use up a token. */
  mayStart(): boolean;
  /** Nothing where all that is ready has to wait after all. */
  take(): T | undefined;
  /** Nothing is ready, or the lane holds back: a slot has nothing to do. */
  idle(): void;
}

/** Runs one delivery. `start` may throw; `end` never does. */
export interface Runner<T> {
  start(queued: T): unknown;
  end(queued: T, answer: unknown, isFailure: boolean): void;
}

/* A slot that lingers is a promise and no more: it keeps nothing alive. Beyond these, slots end when nothing is ready. */
const LINGERING_MAX = 16;

interface Slot<T> {
  queued: T | undefined;
}

export class Slots<T> {
  readonly #queue: PQueue;
  readonly #source: Source<T>;
  readonly #runner: Runner<T>;
  readonly #runtime: Runtime;
  readonly #busy = new Set<Slot<T>>();
  readonly #lingering: (() => void)[] = [];
  /*
   * Those that do not linger. p-queue's `pending` falls a microtask after a slot has decided to end: two slots would both
   * count the other. Those that linger count for nothing, or one would end for their sake and leave its delivery lying.
   */
  #count = 0;

  constructor(concurrency: number, source: Source<T>, runner: Runner<T>, runtime: Runtime) {
    this.#queue = new PQueue({ concurrency });
    this.#source = source;
    this.#runner = runner;
    this.#runtime = runtime;
  }

  get concurrency(): number {
    return this.#queue.concurrency;
  }

  /** More slots start now, fewer as soon as they are free. */
  set concurrency(value: number) {
    this.#queue.concurrency = value;
    this.wakeAll();
  }

  /** How many there are: they run something, or linger. */
  get kept(): number {
    return this.#busy.size;
  }

  /** What runs now. */
  *running(): Generator<T> {
    for (const slot of this.#busy) if (slot.queued !== undefined) yield slot.queued;
  }

  /** One delivery has become ready. */
  wake(): void {
    if (this.#count >= this.#queue.concurrency) return;
    this.#count++;
    const woken = this.#lingering.pop();
    if (woken !== undefined) woken();
    else this.#add();
  }

  /** As many slots as there are deliveries ready. */
  wakeAll(): void {
    for (let more = Math.min(this.#source.ready, this.#queue.concurrency); more > 0; more--) this.wake();
  }

  /* From a neutral context, so that no handler inherits that of whoever published first. */
  #add(): void {
    const slot: Slot<T> = { queued: undefined };
    this.#busy.add(slot);
    withoutContext(() => void this.#queue.add(() => this.#drain(slot)));
  }

  /* Longer than most: a call per delivery and step of it would cost as much as the delivery. */
  async #drain(slot: Slot<T>): Promise<void> {
    const { turn, handOver } = this.#runtime;
    // oxlint-disable-next-line await-thenable -- a turn of the microtask queue: no handler runs inside publish
    await undefined;
    for (;;) {
      while (turn.isSpent()) await turn.end(); // all slots of all lanes come back at once: the first few spend the next turn
      if (this.#source.ready === 0) {
        if (this.#lingering.length === LINGERING_MAX) return this.#end(slot);
        await this.#linger();
        continue;
      }
      if (this.#count > this.#queue.concurrency || !this.#source.mayStart()) return this.#end(slot);
      const queued = (slot.queued = this.#source.take());
      if (queued === undefined) continue;
      if (handOver !== undefined) await handOver("deliver", this.#source.name);
      let answer: unknown;
      let isFailure = false;
      try {
        answer = this.#runner.start(queued);
        if (isThenable(answer)) answer = await answer;
      } catch (error) {
        isFailure = true;
        answer = error;
      }
      if (handOver !== undefined) await handOver("settle", this.#source.name);
      slot.queued = undefined;
      this.#runner.end(queued, answer, isFailure);
    }
  }

  /* Until it is woken, so that a calm lane does not pay for a new slot per event. */
  #linger(): Promise<void> {
    this.#count--;
    const woken = new Promise<void>((resolve) => this.#lingering.push(resolve));
    this.#source.idle();
    return woken;
  }

  #end(slot: Slot<T>): void {
    this.#count--;
    this.#busy.delete(slot);
    this.#source.idle();
  }
}
