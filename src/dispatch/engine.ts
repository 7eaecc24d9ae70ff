/** The parts of dispatch, put together: one engine per bus. */
import type { Container } from "../container/container.js";
import type { Handler } from "../delivery/delivery.js";
import type { LaneNoticeName } from "../delivery/notice.js";
import type { Policies, SubscriptionOptions } from "../delivery/policies.js";
import type { Publish, PublishOptions } from "../delivery/receipt.js";
import type { Schedule } from "../delivery/schedule.js";
import type { AnyEvent, Events, Work } from "../event/event.js";
import { BusClosedError, NotStartedError } from "../errors.js";
import type { BoundedLane, Lane } from "../lane/lane.js";
import type { Queued } from "../lane/queued.js";
import { currentFrame, type Frame } from "../runtime/context.js";
import { within } from "../runtime/within.js";
import type { FunctionGiven } from "../subscriber/subscription.js";
import type { TaskHandle } from "../task/task-handle.js";
import { type AttemptHost, causeIn, deliveryOf, frameHere } from "./attempt.js";
import { attemptHost } from "./attempt-host.js";
import type { BusOptions } from "./bus-options.js";
import { Carriages } from "./carriages.js";
import { Closing, type CloseReport } from "./closing.js";
import { KeptDeadLetters } from "./dead-letters.js";
import { AllDelayed } from "./delayed-events.js";
import type { Later } from "./later.js";
import { Dispatcher } from "./dispatcher.js";
import type { Facilities } from "./facilities.js";
import { invoke } from "./invoke.js";
import { Placement } from "./placement.js";
import { Functions } from "./functions.js";
import { Planner } from "./planner.js";
import { Publisher } from "./publisher.js";
import { readSubscribers } from "./reading.js";
import { Receiving } from "./receiving.js";
import { Recorder } from "./recorder.js";
import { Registry } from "./registry.js";
import type { Route } from "./route.js";
import { Sealer } from "./sealer.js";
import { type FunctionSchedule, Scheduling, type SchedulingParts } from "./scheduling.js";
import { Settlement } from "./settlement.js";
import { Starting, type StartingParts } from "./starting.js";
import { busFaults } from "./store-faults.js";
import { openStoresOf } from "./stored-port.js";
import { AllSubscriptions } from "./subscriptions.js";
import { Tasks } from "./tasks.js";
import type { TickingParts } from "./ticking.js";
import { type TransactionOptions, Transactions, type TransactionScope } from "./transactions.js";
import type { Undo } from "./undo.js";

export interface EngineWiring {
  readonly options: BusOptions;
  readonly container: Container;
  readonly facilities: Facilities;
  readonly carriages: Carriages;
}

export class Engine {
  readonly registry: Registry;
  readonly placement: Placement;
  readonly deadLetters: KeptDeadLetters;
  readonly delayed: AllDelayed;
  /** What of it waits in this process. */
  readonly later: Later;
  readonly subscriptions: AllSubscriptions;
  readonly scheduling: Scheduling;
  readonly facilities: Facilities;
  readonly #defaults: Policies;
  readonly #planner: Planner;
  readonly #publisher: Publisher;
  readonly #sealer: Sealer;
  readonly #starting: Starting;
  readonly #closing: Closing;
  readonly #host: AttemptHost;
  readonly #carriages: Carriages;
  readonly #transactions: Transactions;
  readonly #tasks: Tasks;
  readonly #functions: Functions;
  readonly #whenClosed = new Set<() => void>();
  #started: Promise<void> | undefined;
  #closed: Promise<CloseReport> | undefined;
  isReady = false;

  constructor({ options, container, facilities, carriages }: EngineWiring) {
    const { runtime, timers } = facilities;
    const quiet = (lane?: BoundedLane<Queued>): void => this.#closing.quiet(lane);
    const publishFrom = (frame: Frame): Publish => this.publishFrom(frame);
    this.facilities = facilities;
    this.#carriages = carriages;
    this.#host = attemptHost(facilities, publishFrom);
    this.#defaults = defaultsOf(options);
    const recorder = new Recorder(facilities);
    const settlement = new Settlement(facilities, recorder);
    const runner = new Dispatcher(facilities, this.#host, recorder, settlement);
    const notify = (name: LaneNoticeName, lane: Lane): void => this.#notify(name, lane);
    const wiring = { runtime, timers, runner, notify, quiet };
    this.registry = new Registry(options.lanes ?? {}, facilities.topics, wiring);
    this.#planner = new Planner(facilities);
    this.#sealer = new Sealer(facilities);
    this.placement = new Placement(facilities, { recorder, settlement, onQuiet: quiet });
    const parts = { facilities, registry: this.registry, planner: this.#planner, placement: this.placement };
    this.#publisher = new Publisher(facilities, {
      ...parts,
      sealer: this.#sealer,
      heldMax: options.heldMax ?? 10_000,
      delayedMax: options.delayedMax ?? 100_000,
    });
    const openStores = openStoresOf(carriages.ports, () => this.#closed !== undefined);
    this.later = this.#publisher.later;
    this.delayed = new AllDelayed(facilities, this.later, openStores);
    this.subscriptions = new AllSubscriptions(this.registry, openStores);
    const checkOpen = (): void => this.#checkOpen("deadLetters.replay()");
    this.deadLetters = new KeptDeadLetters({ ...parts, settlement, checkOpen, openStores });
    const receiving = new Receiving(facilities, { ...parts, recorder, settlement });
    carriages.connect({ facilities, receiving, route: (name) => this.registry.route(name) });
    this.#transactions = new Transactions({ ...parts, later: this.later, carriages, publishFrom });
    this.#tasks = new Tasks(facilities, { ...parts, publisher: this.#publisher, settlement });
    this.#closing = new Closing({
      ...parts,
      recorder,
      settlement,
      publisher: this.#publisher,
      transactions: this.#transactions,
      carriages: () => carriages.ports,
      endFollowers: () => this.#endFollowers(),
      stopSchedules: () => (facilities.desks.hurry(), this.scheduling.schedules.stop()),
      written: () => Promise.all([this.scheduling.schedules.written(), facilities.desks.close()]),
    });
    this.scheduling = this.#schedulingOf({ ...parts, sealer: this.#sealer, settlement });
    const outside = { container, carriages, recorder, transactions: this.#transactions };
    this.#starting = new Starting({ ...parts, ...this.#read(options), ...outside });
    this.#functions = new Functions({ ...parts, starting: this.#starting, defaults: this.#defaults });
  }

  #schedulingOf(parts: TickingParts): Scheduling {
    const checkOpen = (call: string): void => this.#checkOpen(call);
    const join = (route: Route): void => this.#starting.join(route);
    const { registry } = this;
    const run: SchedulingParts["run"] = (...given) => this.#tasks.run(...given);
    const { shelf } = this.#carriages;
    return new Scheduling({ ...parts, registry, defaults: this.#defaults, checkOpen, join, run, shelf });
  }

  /* What is wrong is told by start(), all at once. */
  #read(options: BusOptions): Pick<StartingParts, "declared" | "faults"> {
    const { registry, scheduling } = this;
    const parts = { registry, scheduling, defaults: this.#defaults };
    const { declared, faults } = readSubscribers(options.subscribers ?? [], parts);
    const ofBus = busFaults(options, this.#carriages.all);
    return { declared, faults: () => [...ofBus, ...faults, ...scheduling.faults] };
  }

  /** Events that are held, and deliveries that are not final yet, but for what a transport keeps: a crash loses them. */
  get atRisk(): number {
    let count = this.#publisher.heldCount + this.later.size + this.scheduling.schedules.waiting;
    for (const port of this.#carriages.ports) if (!port.survives) count += port.onTheWay;
    for (const lane of this.registry.lanes.values()) count += lane.waiting + lane.retrying + lane.running;
    if (!this.#carriages.ports.some((port) => port.survives)) return count;
    for (const lane of this.registry.lanes.values())
      for (const each of [...lane.standing(), ...lane.runningNow()])
        if (each.publication.topic.carriage.survives) count--;
    return count;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  start(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(new BusClosedError());
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    try {
      await this.#starting.start();
    } catch (error) {
      this.#started = undefined;
      throw error;
    }
    if (this.#closed !== undefined) {
      await this.#starting.shut();
      throw new BusClosedError();
    }
    this.isReady = true;
    this.#starting.go();
    this.#publisher.release();
    this.scheduling.schedules.start();
  }

  close(deadlineMs: number): Promise<CloseReport> {
    const from = deliveryOf(currentFrame());
    if (this.#closed === undefined) {
      let follow!: (closing: Promise<CloseReport>) => void;
      this.#closed = new Promise((resolve) => (follow = resolve));
      follow(this.#close(deadlineMs, from)); // whatever its first part calls finds the bus closed already
    }
    if (from !== undefined) this.#closing.excuse(from);
    return this.#closed;
  }

  /* A close during a start lets it come to its end, so that nothing is opened behind its back. */
  async #close(deadlineMs: number, from: ReturnType<typeof deliveryOf>): Promise<CloseReport> {
    const wasStarting = this.#started;
    this.#publisher.admission = this.isReady ? "inside" : "closed";
    if (wasStarting !== undefined && !this.isReady)
      await within(deadlineMs, wasStarting, this.facilities.timers);
    this.isReady = false;
    return this.#closing.close(deadlineMs, from);
  }

  #endFollowers(): void {
    for (const each of this.#whenClosed) each();
    this.#whenClosed.clear();
  }

  /** Calls whoever would otherwise wait for ever; the answer takes it back. */
  onClosed(run: () => void): () => void {
    this.#whenClosed.add(run);
    return () => void this.#whenClosed.delete(run);
  }

  get isIdle(): boolean {
    return this.#closing.isIdle;
  }

  idle(): Promise<void> {
    return this.#closing.idle(deliveryOf(currentFrame()));
  }

  /** `publish` from a frame, or from wherever the call runs. */
  publishFrom(frame: Frame | undefined): Publish {
    const publish = (given: AnyEvent | readonly AnyEvent[], options?: PublishOptions): Promise<unknown> =>
      this.#publisher.publish(given, options, frameHere(frame));
    return publish as Publish;
  }

  invoke(event: AnyEvent, options: PublishOptions | undefined): Promise<void> {
    try {
      this.#checkOpen("invoke()");
      const topic = this.facilities.topics.of(event);
      const frame = currentFrame();
      return invoke(this.#sealer.sealInline(event, topic, options, causeIn(frame)), this.#host, frame);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async transaction<T>(
    work: (scope: TransactionScope) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    this.#checkOpen("transaction()");
    return this.#transactions.run(work, options);
  }

  /** Starts work; resolves when it has been accepted. */
  run(work: Work, options: PublishOptions | undefined): Promise<TaskHandle<unknown>> {
    return this.#tasks.run(work, options, currentFrame());
  }

  /** Adds a function as a subscription; `label` begins its name where the options give none. */
  on(events: Events, options: SubscriptionOptions<never>, handler: Handler<never>, label?: string): Undo {
    return this.add({ events, options, handler }, label);
  }

  /** The same, for events or for a task. */
  add(given: Omit<FunctionGiven, "name">, label?: string): Undo {
    if (this.#closed !== undefined) throw new BusClosedError();
    return this.#functions.add(given, label, this.#started !== undefined);
  }

  schedule(given: FunctionSchedule): Schedule {
    if (this.#closed !== undefined) throw new BusClosedError();
    return this.scheduling.add(given, this.#started !== undefined);
  }

  #checkOpen(call: string): void {
    if (this.#closed !== undefined && !this.#isInside) throw new BusClosedError();
    if (!this.isReady && this.#closed === undefined) throw new NotStartedError(`${call} came before start()`);
  }

  /* What runs may still do its work while the bus is closing. */
  get #isInside(): boolean {
    return this.#publisher.admission === "inside" && deliveryOf(currentFrame())?.bus === this.facilities.bus;
  }

  #notify(name: LaneNoticeName, lane: Lane): void {
    const { notices, runtime } = this.facilities;
    if (!notices.hears(name)) return;
    const { waiting, running } = lane;
    notices.post(name, { at: new Date(runtime.host.now()), lane: lane.name, waiting, running });
  }
}

/* Steps of the bus stand outside those of its defaults. */
function defaultsOf({ defaults, steps = [] }: BusOptions): Policies {
  return { ...defaults, steps: [...steps, ...(defaults?.steps ?? [])] };
}
