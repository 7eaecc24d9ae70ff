/**
 * Decides how many slots an autoscaled lane has: a few more while what comes now would wait too long, a share fewer when
 * it has been calm, a share fewer when the event loop is late. It keeps no time itself.
 */
import { slotsNeeded } from "./slots-needed.js";

export interface Scaling {
  readonly min: number;
  readonly max: number;
  /** How long a delivery may wait. */
  readonly targetMs: number;
}

/** What happened in one control interval. */
export interface Sample {
  readonly elapsedMs: number;
  readonly arrived: number;
  readonly ended: number;
  readonly ranMs: number;
  /** How many wait and run at its end. */
  readonly waiting: number;
  readonly running: number;
  /** How late the event loop was at its end. */
  readonly loopDelayMs: number;
}

/* A step is this part of the way from min to max, so that the whole way takes eight intervals. */
const STEPS = 8;
const DECREASE = 0.75;
const CALM_INTERVALS = 3;
/* Of the past, so much counts in the next interval. */
const MEMORY = 0.86;
const LATE_MS = 50;
const LATE_INTERVALS = 2;

export class SlotController {
  readonly #scaling: Scaling;
  readonly #step: number;
  readonly #intervalMs: number;
  #elapsedMs = 0;
  #arrived = 0;
  #ended = 0;
  #ranMs = 0;
  /* How long nothing has ended although something ran: the service time is no less. */
  #silentMs = 0;
  #behind = 0;
  #calm = 0;
  #late = 0;

  constructor(scaling: Scaling) {
    this.#scaling = scaling;
    this.#step = Math.max(1, Math.ceil((scaling.max - scaling.min) / STEPS));
    this.#intervalMs = Math.min(1_000, Math.max(100, scaling.targetMs));
  }

  /** How often it wants to decide: as often as the target says, and not much more often than something ends. */
  get intervalMs(): number {
    return Math.max(this.#intervalMs, this.#serviceMs / 4);
  }

  /** The slots for the next interval, given those of the last. */
  next(slots: number, sample: Sample): number {
    this.#remember(sample);
    this.#late = sample.loopDelayMs > LATE_MS ? this.#late + 1 : 0;
    return this.#within(
      this.#late >= LATE_INTERVALS ? slots * DECREASE : this.#wanted(slots, sample.waiting),
    );
  }

  #wanted(slots: number, waiting: number): number {
    const { targetMs } = this.#scaling;
    const serviceMs = Math.max(this.#silentMs, this.#serviceMs);
    const needed = slotsNeeded(
      { arrivalsPerMs: this.#arrived / this.#elapsedMs, serviceMs, busy: 0 },
      targetMs,
    );
    const queueNeeds = Math.ceil((waiting * serviceMs) / targetMs);
    this.#behind = queueNeeds > slots ? this.#behind + 1 : 0;
    this.#calm = needed < slots && queueNeeds < slots ? this.#calm + 1 : 0;
    /* One interval with a queue is chance; and a queue of today's needs no more slots than empty it in time. */
    const goal = this.#behind > 1 ? Math.max(needed, queueNeeds) : needed;
    if (goal > slots) return Math.min(goal, slots + this.#step);
    /* One too many is no reason: the need goes up and down by one with chance. */
    const isTooMany = needed < slots - 1 && this.#calm >= CALM_INTERVALS;
    return isTooMany ? Math.max(needed, queueNeeds, Math.floor(slots * DECREASE)) : slots;
  }

  get #serviceMs(): number {
    return this.#ended > 0 ? this.#ranMs / this.#ended : 0;
  }

  #remember({ elapsedMs, arrived, ended, ranMs, running }: Sample): void {
    this.#elapsedMs = this.#elapsedMs * MEMORY + elapsedMs;
    this.#arrived = this.#arrived * MEMORY + arrived;
    this.#ended = this.#ended * MEMORY + ended;
    this.#ranMs = this.#ranMs * MEMORY + ranMs;
    this.#silentMs = ended > 0 || running === 0 ? 0 : this.#silentMs + elapsedMs;
  }

  #within(slots: number): number {
    const { min, max } = this.#scaling;
    return Math.min(max, Math.max(min, Math.floor(slots)));
  }
}
