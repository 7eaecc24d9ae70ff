/** What lanes may start, by the moment: nothing while they pause, no more at once than they say, no faster than their rate. */
import type { Bus, Lane, LaneOptions } from "../../src/index.js";
import type { Stage } from "../../src/testing/simulate/run.js";

interface InnerLane extends Lane {
  readonly ready: number;
  readonly isBroken: boolean;
}

interface Bucket {
  tokens: number;
  at: number;
}

/* As in the plans of application.ts. */
const INTERVAL_MS = 10;
const PAUSE_MS = 25;

export class LaneModel {
  readonly #stage: Stage;
  readonly #options: LaneOptions;
  readonly #lane: InnerLane;
  readonly #bucket: Bucket;
  /* Of the breaker: until when it is open, how many have begun since, how many attempts have ended since. */
  #openUntil = 0;
  #probes = 0;
  #settled = 0;
  #isByHand = false;

  constructor(stage: Stage, lane: Lane, options: LaneOptions) {
    this.#stage = stage;
    this.#lane = lane as InnerLane;
    this.#options = options;
    this.#bucket = { tokens: options.rate?.limit ?? 0, at: stage.scheduler.elapsed };
  }

  /** A slot has taken a delivery. */
  takes(): void {
    const { name, isPaused, running, concurrency, isBroken } = this.#lane;
    if (isPaused) this.#stage.violate("nothing starts while its lane pauses", name);
    if (running > concurrency)
      this.#stage.violate(
        "the concurrency is a ceiling",
        `${name} starts one more at ${running} of ${concurrency}`,
      );
    if (this.#options.rate !== undefined && --this.#refilled().tokens < -1e-6)
      this.#stage.violate("no lane is faster than its rate", name);
    if (!isBroken) return;
    if (this.#stage.scheduler.elapsed < this.#openUntil)
      this.#stage.violate("an open breaker lets nothing start", name);
    if (++this.#probes > 1 + this.#settled) this.#stage.violate("a breaker probes with one", name);
  }

  settles(): void {
    this.#settled++;
  }

  /** The notice `lane.paused`: the breaker has opened, if nobody has paused the lane by hand. */
  pauses(): void {
    this.#probes = this.#settled = 0;
    if (!this.#lane.isBroken || this.#lane.isPaused) return;
    this.#openUntil = this.#stage.scheduler.elapsed + PAUSE_MS;
  }

  /** Somebody lets it go on, whatever its breaker says. */
  resumed(resume: () => void): void {
    this.#isByHand = true;
    resume();
    this.#isByHand = false;
  }

  /** The notice `lane.resumed`. */
  resumes(): void {
    if (!this.#isByHand && this.#lane.isBroken)
      this.#stage.violate("a breaker closes when its probe succeeds", this.#lane.name);
  }

  /** What must hold where nothing goes on but by a timer. */
  isFair(hasReserved: boolean): boolean {
    const { ready, running, concurrency, isPaused, isBroken, waitingPublishes } = this.#lane;
    const mayStart =
      !isPaused && !isBroken && (this.#options.rate === undefined || this.#refilled().tokens >= 1);
    if (mayStart && ready > 0 && running < concurrency) return false;
    const held = this.#lane.waiting + this.#lane.retrying;
    return hasReserved || waitingPublishes === 0 || held >= this.#lane.capacity;
  }

  /** Of lanes that nothing comes to but from outside, and where nothing is tried again. */
  isWithinCapacity(): boolean {
    return this.#lane.waiting <= this.#lane.capacity;
  }

  #refilled(): Bucket {
    const bucket = this.#bucket;
    const { limit } = this.#options.rate!;
    const { elapsed: now } = this.#stage.scheduler;
    bucket.tokens = Math.min(limit, bucket.tokens + ((now - bucket.at) * limit) / INTERVAL_MS);
    bucket.at = now;
    return bucket;
  }
}

/** The models of all lanes that a bus has now. */
export function laneModels(
  stage: Stage,
  bus: Bus,
  optionsOf: (name: string) => LaneOptions,
): Map<string, LaneModel> {
  const models = Array.from(bus.lanes.values(), (lane): [string, LaneModel] => [
    lane.name,
    new LaneModel(stage, lane, optionsOf(lane.name)),
  ]);
  const byName = new Map(models);
  bus.notices.on("lane.paused", ({ lane }) => byName.get(lane)?.pauses());
  bus.notices.on("lane.resumed", ({ lane }) => byName.get(lane)?.resumes());
  return byName;
}
