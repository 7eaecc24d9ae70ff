/** Sets the slots of a lane once per control interval while something happens in it; an idle lane has no timer. */
import type { Runtime } from "../runtime/runtime.js";
import type { Timer, Timers } from "../runtime/timers.js";
import type { Totals } from "./load.js";
import { type Scaling, SlotController } from "./slot-controller.js";

/** The lane as the autoscaler sees it. */
export interface Scaled {
  concurrency: number;
  readonly waiting: number;
  readonly running: number;
  /** Whether nothing starts here before a timer or a publish. */
  readonly isQuiet: boolean;
  readonly totals: Totals;
}

/* As many idle intervals bring any number of slots down to any other. */
const CATCH_UP_MAX = 64;

export class Autoscaler {
  readonly #lane: Scaled;
  readonly #timers: Timers;
  readonly #runtime: Runtime;
  readonly #controller: SlotController;
  #timer: Timer | undefined;
  #last: Totals;
  #dueAt = 0;

  constructor(scaling: Scaling, lane: Scaled, { timers, runtime }: { timers: Timers; runtime: Runtime }) {
    this.#lane = lane;
    this.#timers = timers;
    this.#runtime = runtime;
    this.#controller = new SlotController(scaling);
    this.#last = lane.totals;
  }

  /** Something starts. */
  woken(): void {
    if (this.#timer !== undefined) return;
    this.#catchUp();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    const { intervalMs } = this.#controller;
    this.#dueAt = this.#runtime.host.monotonic() + intervalMs;
    this.#timer = this.#timers.after(intervalMs, () => this.#tick(), "autoscale");
  }

  #tick(): void {
    this.#timer = undefined;
    this.#decide(Math.max(0, this.#runtime.host.monotonic() - this.#dueAt));
    if (this.#lane.running > 0 || !this.#lane.isQuiet) this.#arm();
  }

  #decide(loopDelayMs: number): void {
    const lane = this.#lane;
    const totals = lane.totals;
    const slots = this.#controller.next(lane.concurrency, {
      elapsedMs: totals.at - this.#last.at,
      arrived: totals.arrived - this.#last.arrived,
      ended: totals.ended - this.#last.ended,
      ranMs: totals.ranMs - this.#last.ranMs,
      waiting: lane.waiting,
      running: lane.running,
      loopDelayMs,
    });
    this.#last = totals;
    if (slots !== lane.concurrency) lane.concurrency = slots;
  }

  /* What the intervals without a timer would have decided. */
  #catchUp(): void {
    const totals = this.#lane.totals;
    const { intervalMs } = this.#controller;
    const idle = Math.min(CATCH_UP_MAX, Math.floor((totals.at - this.#last.at) / intervalMs));
    let slots = this.#lane.concurrency;
    for (let each = 0; each < idle; each++)
      slots = this.#controller.next(slots, { ...NOTHING, elapsedMs: intervalMs });
    const at = Math.max(this.#last.at + idle * intervalMs, totals.at - intervalMs);
    this.#last = { ...this.#last, at };
    if (idle > 0) this.#lane.concurrency = slots;
  }
}

const NOTHING = { arrived: 0, ended: 0, ranMs: 0, waiting: 0, running: 0, loopDelayMs: 0 } as const;
