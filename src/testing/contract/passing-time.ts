/** How time passes in a case: on a clock that the case moves, or as it does for everybody. */
import { processRuntime, type Runtime } from "../../runtime/runtime.js";
import { VirtualTime } from "../virtual-time.js";
import { ContractFault } from "./claims.js";

export interface PassingTime {
  readonly isVirtual: boolean;
  /** What buses and transports of the case run on. */
  readonly runtime: Runtime;
  /** What is waited for, for whoever stops the case. */
  readonly waitsFor: () => string;
  /** How many timers have run since the beginning; undefined under real time, where nobody knows. */
  readonly fired: number | undefined;
  /** Lets so many milliseconds pass. */
  pass(ms: number): Promise<void>;
  /** A long silence: as it is under virtual time, a tenth of it, and a second at most, under real time. */
  silence(ms: number): Promise<void>;
  /** Lets time pass until it is so; throws what is missing after two minutes of virtual time. */
  until(isSo: () => boolean, missing: () => string): Promise<void>;
  /** Lets time pass until the work has ended, and ends as it does. */
  within<T>(work: Promise<T>, what: string): Promise<T>;
}

const VIRTUAL_MAX_MS = 120_000;
const STEP_MAX_MS = 1_000;
/* What is at work without a timer gets on before the clock moves, or deadlines would come too soon. */
const TURNS_PER_STEP = 100;
const POLL_MS = 2;

abstract class WaitingTime {
  waitsFor = (): string => "nothing";

  abstract until(isSo: () => boolean, missing: () => string): Promise<void>;

  async within<T>(work: Promise<T>, what: string): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    work.then(over, over);
    await this.until(
      () => isOver,
      () => `${what} has not ended`,
    );
    return work;
  }
}

/** A clock of its own for each case; nothing waits. */
export class CaseTime extends WaitingTime implements PassingTime {
  readonly isVirtual = true;
  readonly runtime: Runtime;
  fired = 0;
  readonly #virtual: VirtualTime = new VirtualTime();

  constructor() {
    super();
    const { host, turn } = this.#virtual.runtime;
    // Ids of their own, since several buses of a case may share a store.
    const idPrefix = (): string => processRuntime.host.idPrefix();
    this.runtime = { host: { ...host, idPrefix }, turn, handOver: undefined };
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#virtual.timers;
  }

  async pass(ms: number): Promise<void> {
    const until = this.#virtual.elapsed + ms;
    await this.#rest();
    while ((this.#virtual.nextDue ?? Infinity) <= until) {
      this.fired++;
      this.#virtual.runNext();
      await this.#rest();
    }
    this.#virtual.jump(Math.max(0, until - this.#virtual.elapsed));
    await this.#rest();
  }

  silence(ms: number): Promise<void> {
    return this.pass(ms);
  }

  async until(isSo: () => boolean, missing: () => string): Promise<void> {
    this.waitsFor = missing;
    let step = 1;
    for (let passed = 0; !isSo(); passed += step) {
      if (passed > VIRTUAL_MAX_MS) throw new ContractFault(missing());
      step = Math.min(step * 2, STEP_MAX_MS);
      for (let turn = 0; turn < TURNS_PER_STEP && !isSo(); turn++) await turnOver();
      if (isSo()) return;
      await this.pass(step);
    }
  }

  /* What needs no timer runs within a few turns; whoever needs more is waited for by until(). */
  async #rest(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await turnOver();
  }
}

/** The time of the process. What never comes is left to the guard of the case. */
export class WallTime extends WaitingTime implements PassingTime {
  readonly isVirtual = false;
  readonly runtime: Runtime = processRuntime;
  readonly fired = undefined;

  pass(ms: number): Promise<void> {
    this.waitsFor = () => `${ms} ms to pass`;
    return new Promise((resolve) => void processRuntime.host.timer(resolve, ms));
  }

  silence(ms: number): Promise<void> {
    return this.pass(Math.min(ms / 10, 1_000));
  }

  async until(isSo: () => boolean, missing: () => string): Promise<void> {
    this.waitsFor = missing;
    for (let turn = 0; !isSo(); turn++) await (turn < 100 ? turnOver() : this.#poll());
  }

  #poll(): Promise<void> {
    return new Promise((resolve) => void processRuntime.host.timer(resolve, POLL_MS));
  }
}

/** Resolves when the event loop has been round. */
export function turnOver(): Promise<void> {
  return new Promise((resolve) => processRuntime.host.macrotask(resolve));
}
