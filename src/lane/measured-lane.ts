/** The numbers of a lane: what is counted on the way, and what is worked out when somebody asks. */
import type { Runtime } from "../runtime/runtime.js";
import { adviceOf } from "./advice.js";
import { Histogram, type Percentiles } from "./histogram.js";
import type { LaneLimits } from "./lane-options.js";
import { Load, type Rates, type Totals } from "./load.js";

export abstract class MeasuredLane {
  readonly name: string;
  readonly limits: LaneLimits;
  handled = 0;
  failed = 0;
  dropped = 0;
  readonly waits: Histogram = new Histogram();
  readonly #runs = new Histogram();
  protected readonly load: Load;
  readonly #runtime: Runtime;

  constructor(name: string, limits: LaneLimits, runtime: Runtime) {
    this.name = name;
    this.limits = limits;
    this.#runtime = runtime;
    this.load = new Load(runtime.host.monotonic());
  }

  abstract readonly waiting: number;
  abstract readonly waitingPublishes: number;
  abstract readonly running: number;
  abstract readonly concurrency: number;
  /** Of what waits, on the monotonic clock; `Infinity` where nothing does. */
  protected abstract readonly waitingSince: number;

  get waitMs(): Percentiles {
    return this.waits.percentiles();
  }
  get runMs(): Percentiles {
    return this.#runs.percentiles();
  }
  get capacity(): number {
    return this.limits.capacity;
  }

  get oldest(): Date | undefined {
    const since = this.waitingSince;
    const { host } = this.#runtime;
    return since === Infinity ? undefined : new Date(host.now() - (host.monotonic() - since));
  }

  get arrivalRate(): number {
    return this.#rates.arrivalsPerMs * 1_000;
  }
  get serviceMs(): number {
    return this.#rates.serviceMs;
  }
  get utilisation(): number {
    return Math.min(1, this.#rates.busy / this.concurrency);
  }

  get predictedWaitMs(): number {
    const bySlots = (this.waiting * this.#rates.serviceMs) / this.concurrency;
    return Math.max(bySlots, this.waiting / this.#startsPerMsMax);
  }

  get advice(): string | undefined {
    if (this.limits.batch !== undefined) return undefined; // what a batch of another size would take, nobody knows
    const { concurrency, limits } = this;
    const targetMs = limits.scaling?.targetMs;
    return adviceOf({ rates: this.#rates, concurrency, targetMs, startsPerMsMax: this.#startsPerMsMax });
  }

  /** An attempt ran for so long, and stands for so many like it. */
  ran(ms: number, times: number): void {
    this.#runs.add(ms);
    this.load.ranMs += ms * times;
  }

  get totals(): Totals {
    const { waits, running, waiting, waitingPublishes, load } = this;
    return {
      at: this.#runtime.host.monotonic(),
      arrived: waits.count + waiting + waitingPublishes + load.gone,
      ended: waits.count - running,
      ranMs: load.ranMs,
      isIdle: waiting + waitingPublishes + running === 0,
    };
  }

  get #rates(): Rates {
    return this.load.rates(this.totals);
  }

  get #startsPerMsMax(): number {
    const { rate } = this.limits;
    return rate === undefined || rate.isByKey ? Infinity : rate.limit / rate.intervalMs;
  }
}
