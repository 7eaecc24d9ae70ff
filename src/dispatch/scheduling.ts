/** Where schedules come from: marked methods and `bus.schedule`. Each gets a subscription, alone or with others. */
import type { Delivery } from "../delivery/delivery.js";
import { drop } from "../delivery/outcome.js";
import type { PublishOptions } from "../delivery/receipt.js";
import type { Policies, SubscriptionOptions } from "../delivery/policies.js";
import type { Schedule, ScheduleGiven, ScheduleOptions, When } from "../delivery/schedule.js";
import type { AnyEvent, Work } from "../event/event.js";
import { subscriptionName } from "../event/names.js";
import type { Frame } from "../runtime/context.js";
import { toMs } from "../runtime/duration.js";
import { checkValue, func, refuse } from "../runtime/options.js";
import { atOnce } from "../runtime/thenable.js";
import { Keeper } from "../schedule/keeper.js";
import { CronPace, IntervalPace, type Pace, SharedIntervalPace } from "../schedule/pace.js";
import { rulesOf } from "../schedule/scheduled.js";
import { Schedules } from "../schedule/schedules.js";
import { type Subscription, subscriptionOf } from "../subscriber/subscription.js";
import { type Tick, tickClass } from "../task/tick.js";
import { isWork } from "../task/work.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Registry } from "./registry.js";
import type { Route } from "./route.js";
import type { Shelf } from "./shelf.js";
import { hasPolicies, scheduleFaults } from "./schedule-options.js";
import { HandlerWork, PublishingWork, Ticker, type TickingParts } from "./ticking.js";

export interface SchedulingParts extends TickingParts {
  readonly registry: Registry;
  readonly defaults: Policies;
  readonly checkOpen: (call: string) => void;
  /** Makes a subscription ready. */
  readonly join: (route: Route) => void;
  /** Starts work in a delivery; resolves when it has been accepted. */
  readonly run: (work: Work, options: PublishOptions | undefined, from: Frame) => Promise<unknown>;
  /** Where schedules are kept for all processes; undefined where they live here. */
  readonly shelf: Shelf | undefined;
}

/** What `bus.schedule` is called with. */
export interface FunctionSchedule {
  readonly name: string;
  readonly when: When;
  readonly what: (tick: Tick) => AnyEvent | Work;
  readonly options: ScheduleOptions;
}

/* All schedules of functions without policies of their own; a function only publishes, so many may do so at once. */
const SHARED = "signalbox.schedules";
const SHARED_LANE = { concurrency: 1_000 };

export class Scheduling {
  readonly schedules: Schedules;
  readonly #parts: SchedulingParts;
  /* Names that a store cannot know them by. */
  readonly #unstable: string[] = [];
  /* What was given before the start and is wrong, until it is removed. */
  readonly #unsound = new Map<Schedule, readonly string[]>();
  #shared: Ticker | undefined;

  constructor(parts: SchedulingParts) {
    this.#parts = parts;
    this.schedules = new Schedules({ ...parts.facilities, checkOpen: parts.checkOpen });
  }

  /** What is wrong with the schedules of functions. */
  get faults(): readonly string[] {
    return [...this.#unstable, ...[...this.#unsound.values()].flat()];
  }

  /** What is wrong with a mark of a method; `where` is its class and method. */
  faultsOf(given: ScheduleGiven, where: string): string[] {
    return this.#faults(`${given.by} ${where}`, given);
  }

  /** Takes in a marked method, whose subscription has joined. */
  admit(subscription: Subscription, route: Route): void {
    const { by, when, options } = subscription.schedule!;
    const work = new HandlerWork(this.#tickerFor(route));
    if (subscription.derived && this.#isKept(options)) this.#unstable.push(unstable(subscription, by));
    const schedule = this.schedules.add({ ...this.#partsOf(subscription.name, when, options), work });
    route.onRemoved = () => schedule.remove();
  }

  /** Takes in a function. What is wrong is told at once, or by `start()` where that is still to come. */
  add(given: FunctionSchedule, isStarted: boolean): Schedule {
    const faults = this.#functionFaults(given);
    if (isStarted) refuse(faults);
    if (faults.length > 0) return this.#refused(given.name, faults);
    const { name, when, what, options } = given;
    const isAlone = hasPolicies(options);
    const ticker = isAlone ? this.#tickerOf(name, options) : (this.#shared ??= this.#sharedTicker());
    const work = new PublishingWork(what, ticker, { isAlone, isKept: this.#isKept(options) });
    const schedule = this.schedules.add({ ...this.#partsOf(name, when, options), work });
    if (isAlone) ticker.route.onRemoved = () => schedule.remove();
    return schedule;
  }

  /* Whoever removes the subscription removes all schedules that share it. */
  #sharedTicker(): Ticker {
    const ticker = this.#tickerOf(SHARED, {});
    ticker.route.onRemoved = () => {
      this.#shared = undefined;
      for (const schedule of this.schedules.byName.values())
        if (schedule.work instanceof PublishingWork && !schedule.work.isAlone) schedule.remove();
    };
    return ticker;
  }

  #functionFaults(given: FunctionSchedule): string[] {
    const { name, what, options } = given;
    const of = `bus.schedule ${String(name)}`;
    const faults = [
      ...checkValue("name of bus.schedule()", name, subscriptionName),
      ...this.#faults(of, given),
      ...checkValue(`${of}, its function`, what, func),
    ];
    if (this.schedules.byName.has(name))
      faults.push(`Two schedules have the name ${name}. Give one of them another name.`);
    if (faults.length > 0 || !hasPolicies(options)) return faults;
    return this.#parts.registry.faults(this.#subscriptionOf(name, options));
  }

  #faults(
    of: string,
    given: { readonly by?: string; readonly when: When; readonly options: ScheduleOptions },
  ): string[] {
    const now = this.#parts.facilities.runtime.host.now();
    return scheduleFaults(of, given, this.schedules.calendar, now);
  }

  #refused(name: string, faults: readonly string[]): Schedule {
    const none = { name, last: undefined, isPaused: false, next: () => [], pause() {}, resume() {} };
    const schedule: Schedule = {
      ...none,
      runNow: () => Promise.reject(new TypeError(faults.join("\n"))),
      remove: () => void this.#unsound.delete(schedule),
    };
    this.#unsound.set(schedule, faults);
    return schedule;
  }

  #partsOf(name: string, when: When, options: ScheduleOptions) {
    const facts = { name, pace: this.#paceOf(when, options), rules: rulesOf(options) };
    const { shelf } = this.#parts;
    if (shelf === undefined || !this.#isKept(options)) return facts;
    const { store, leaseMs } = shelf;
    return { ...facts, keeper: new Keeper({ store, leaseMs, name, rule: ruleOf(when, options) }) };
  }

  #isKept({ audience }: ScheduleOptions): boolean {
    return this.#parts.shelf !== undefined && audience !== "each";
  }

  /* Processes have no common start, and no common clock but that of the wall. */
  #paceOf(when: When, options: ScheduleOptions): Pace {
    const { timeZone = "UTC", from } = options;
    if (typeof when === "object") {
      const ms = toMs(when.every, "every");
      return this.#isKept(options) ? new SharedIntervalPace(ms, from) : new IntervalPace(ms);
    }
    return new CronPace(this.schedules.calendar, { expression: when, timeZone });
  }

  #tickerOf(name: string, options: ScheduleOptions): Ticker {
    const { registry, join } = this.#parts;
    const route = registry.add(this.#subscriptionOf(name, options));
    join(route);
    return this.#tickerFor(route);
  }

  #tickerFor(route: Route): Ticker {
    return new Ticker(route, this.#parts, () => this.#parts.registry.remove(route));
  }

  #subscriptionOf(name: string, policies: ScheduleOptions): Subscription {
    const options = { lane: SHARED_LANE, ...policies, name } as SubscriptionOptions<never>;
    const handler = (tick: Tick, delivery: Delivery): unknown => this.#publish(tick, delivery);
    return subscriptionOf({ events: tickClass, options, handler, name }, this.#parts.defaults);
  }

  #publish(tick: Tick, delivery: Delivery): unknown {
    const work = this.schedules.byName.get(tick.schedule)?.work;
    if (!(work instanceof PublishingWork)) return drop("its schedule was removed");
    const given = atOnce(work.what(tick), `the function of schedule ${tick.schedule}`);
    const options = work.isKept ? { id: delivery.eventId } : undefined; // once, however often it is begun
    if (isWork(given)) return this.#parts.run(given, options, delivery as AttemptDelivery);
    return delivery.publish(given, options);
  }
}

/* Its times in one line, the same in every process that has them. */
function ruleOf(when: When, { timeZone = "UTC", from, until }: ScheduleOptions): string {
  const times = typeof when === "object" ? `every ${toMs(when.every, "every")}` : `${when} ${timeZone}`;
  return [times, from?.toISOString() ?? "", until?.toISOString() ?? ""].join(" | ");
}

function unstable({ name }: Subscription, by: string): string {
  const does = `Add a \`name\` to its @Subscriber and to its ${by}, or \`audience: "each"\` where every process is to run it.`;
  return `The schedule ${name} has a name that follows the code, and a store needs a stable one. ${does}`;
}
