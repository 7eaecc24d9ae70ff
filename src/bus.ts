/** The bus: the only file that knows every room. It wires them, starts them, and hands calls on. */
import { plain } from "./container/plain.js";
import type { Handler } from "./delivery/delivery.js";
import type { Notices } from "./delivery/notice.js";
import type { LaneName, SubscriptionOptions } from "./delivery/policies.js";
import type { Publish, PublishOptions } from "./delivery/receipt.js";
import type { Schedule, ScheduleOptions, When } from "./delivery/schedule.js";
import { type BusOptions, checkBusOptions, closeOptions } from "./dispatch/bus-options.js";
import { Carriages } from "./dispatch/carriages.js";
import type { CloseReport } from "./dispatch/closing.js";
import type { DeadLetters } from "./dispatch/dead-letters.js";
import { type Description, describe } from "./dispatch/description.js";
import { Engine } from "./dispatch/engine.js";
import type { Facilities } from "./dispatch/facilities.js";
import { facilitiesOf } from "./dispatch/facilities-of.js";
import { type Health, reasonsOf } from "./dispatch/health.js";
import { patternOf } from "./dispatch/pattern.js";
import type { Results } from "./dispatch/runs.js";
import { next, stream, type StreamOptions, type Subscribe } from "./dispatch/stream.js";
import type { Subscriptions } from "./dispatch/subscriptions.js";
import type { PatternCheck, Tapped } from "./dispatch/tapped.js";
import type { Observer, Topics } from "./dispatch/topics.js";
import type { DelayedEvents } from "./dispatch/delayed-events.js";
import type { Delayed } from "./dispatch/later.js";
import type { TransactionOptions, TransactionScope } from "./dispatch/transactions.js";
import { type Undo, undoOf } from "./dispatch/undo.js";
import type { Envelope } from "./event/envelope.js";
import type { AnyEvent, EventClass, EventOf, Events, Work } from "./event/event.js";
import type { Lane } from "./lane/lane.js";
import type { JournalEntry } from "./ledger/journal.js";
import { Clock } from "./runtime/clock.js";
import { type Duration, toMs } from "./runtime/duration.js";
import { checkOptions, checkValue, func, refuse } from "./runtime/options.js";
import { processRuntime, type Runtime } from "./runtime/runtime.js";
import type { TaskHandle } from "./task/task-handle.js";
import type { TaskClass, TaskHandler, TaskOf } from "./task/task-types.js";
import type { SubscriberClass } from "./subscriber/subscriber-options.js";
import type { Tick } from "./task/tick.js";

export { busOptions } from "./dispatch/bus-options.js";

/** Not exported from the package: `createBus` is the way to a bus. */
export interface BusWiring {
  readonly options: BusOptions;
  readonly runtime: Runtime;
}

/** Events come in, subscribers get them. A class, so that it can be a container token and a constructor's type. */
export class Bus {
  /** Hands one event or several to the bus; resolves when every lane, or the transport, has accepted. */
  readonly publish: Publish;
  /** What happens, for whoever watches; a listener cannot change it. */
  readonly notices: Notices;
  /** The lanes by name: those of `createBus({ lanes })`, and one per subscription that names none. */
  readonly lanes: ReadonlyMap<LaneName, Lane>;
  /** Deliveries that ended unhandled, to be looked at, replayed or discarded. */
  readonly deadLetters: DeadLetters;
  /** What was published with `delay` and is not due yet, to be listed, moved or cancelled. */
  readonly delayed: DelayedEvents;
  /** What was run, by id: while it goes on, and for a while afterwards. */
  readonly results: Results;
  readonly subscriptions: Subscriptions;
  /** What runs at its times, by name: those of `schedule()`, and marked methods under the names of their subscriptions. */
  readonly schedules: ReadonlyMap<string, Schedule>;
  readonly #engine: Engine;
  readonly #facilities: Facilities;
  readonly #carriages: Carriages;

  /** Only for `createBus`, and for containers that want a constructor on a token. */
  constructor({ options, runtime }: BusWiring) {
    checkBusOptions(options);
    const { transport, transports = transport === undefined ? {} : { default: transport } } = options;
    this.#carriages = new Carriages(transports);
    this.#facilities = facilitiesOf(this, options, runtime, this.#carriages);
    refuse(classFaults([options.events ?? [], options.tasks ?? []].flat(), this.#facilities.topics));
    const container = options.container ?? plain();
    container.provide(Bus, this);
    container.provide(Clock, this.#facilities.clock);
    this.#engine = new Engine({
      options,
      container,
      facilities: this.#facilities,
      carriages: this.#carriages,
    });
    this.publish = this.#engine.publishFrom(undefined);
    this.notices = this.#facilities.notices;
    this.lanes = this.#engine.registry.lanes as ReadonlyMap<LaneName, Lane>;
    this.deadLetters = this.#engine.deadLetters;
    this.delayed = this.#engine.delayed;
    this.results = this.#facilities.runs;
    this.schedules = this.#engine.scheduling.schedules.byName;
    this.subscriptions = this.#engine.subscriptions;
  }

  /**
   * Makes the subscribers, opens the transports and releases what was published before. Idempotent; rejects with a
   * `StartError` that lists all faults, and may be called again when they are mended.
   */
  start(): Promise<void> {
    return this.#engine.start();
  }

  /**
   * Takes nothing more from outside, lets what waits and runs end until the deadline, then aborts, and reports by name
   * what was left. Idempotent; a closed bus is final. Called inside a delivery it does not wait for that delivery.
   * The deadline defaults to 25 s.
   */
  close(options: { deadline?: Duration | undefined } = {}): Promise<CloseReport> {
    const faults = checkOptions("close", options, closeOptions);
    if (faults.length > 0) return Promise.reject(new TypeError(faults.join("\n")));
    return this.#engine.close(toMs(options.deadline ?? "25s", "deadline"));
  }

  /** `close()` with its default deadline, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Resolves when nothing is ready, running, waiting to publish or in transit. Timers do not count. */
  idle(): Promise<void> {
    return this.#engine.idle();
  }

  /** What waits in this process until it is due, for whoever cannot ask a store. */
  protected get delayedHere(): readonly Delayed[] {
    return this.#engine.later.list();
  }

  /** What `idle()` waits for, for whoever cannot wait. */
  protected get isIdle(): boolean {
    return this.#engine.isIdle;
  }

  /** Runs the handlers now, inline, and throws what they threw; no lane, no key, no retry, no dedupe. */
  invoke(event: AnyEvent, options?: Pick<PublishOptions, "headers" | "key">): Promise<void> {
    return this.#engine.invoke(event, options);
  }

  /** Adds a function as a subscription; its undo stops future deliveries. Equal names are a `TypeError`. */
  on<const C extends Events>(events: C, handler: Handler<EventOf<C>>): Undo;
  on<const C extends Events>(
    events: C,
    options: SubscriptionOptions<EventOf<C>>,
    handler: Handler<EventOf<C>>,
  ): Undo;
  on(events: Events, ...rest: readonly unknown[]): Undo {
    const [options = {}, handler] = rest.length > 1 ? rest : [undefined, rest[0]];
    return this.#engine.on(events, options as SubscriptionOptions<never>, handler as Handler<never>);
  }

  /** Adds a function as the one handler of a task; a second handler is a `TypeError`. Its undo takes no more of them. */
  handle<C extends TaskClass>(task: C, handler: TaskHandler<TaskOf<C>>): Undo;
  handle<C extends TaskClass>(
    task: C,
    options: SubscriptionOptions<TaskOf<C>>,
    handler: TaskHandler<TaskOf<C>>,
  ): Undo;
  handle(task: TaskClass, ...rest: readonly unknown[]): Undo {
    const [options = {}, handler] = rest.length > 1 ? rest : [undefined, rest[0]];
    return this.#engine.add({
      by: "bus.handle()",
      events: task as unknown as EventClass,
      options: options as SubscriptionOptions<never>,
      handler: handler as Handler<never>,
    });
  }

  /**
   * Runs work: a task, a chain, a group. Resolves to its handle when it has been accepted, as `publish` does. Under an `id`
   * that is known already nothing is started, and the handle is that of the first. Before `start()` it is held.
   */
  run<R>(work: Work<R>, options?: PublishOptions): Promise<TaskHandle<R>> {
    return this.#engine.run(work, options) as Promise<TaskHandle<R>>;
  }

  /** Events as an async iterable until the bus closes: subscribes at the first `next()`, keeps 1,000 and then drops the oldest. */
  stream<const C extends Events>(events: C, options?: StreamOptions): AsyncIterable<EventOf<C>> {
    return stream<EventOf<C>>(this.#subscribe(events, "stream"), options);
  }

  /** The next event that the predicate accepts; a `BusClosedError` when the bus closes before there is one. */
  next<const C extends Events>(
    events: C,
    predicate?: (event: EventOf<C>) => boolean,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<EventOf<C>> {
    return next<EventOf<C>>(this.#subscribe(events, "next"), predicate, options);
  }

  /**
   * Watches by pattern, synchronously, when an event is accepted: `*` is one token, `**` at the end is one or more.
   * Never delays or changes a delivery, and never makes an event handled.
   */
  tap<const P extends string>(
    pattern: P & PatternCheck<P>,
    observer: (event: Tapped<P>, envelope: Envelope<Tapped<P>>) => void,
  ): Undo {
    const matches = patternOf(pattern);
    refuse(checkValue("observer", observer, func));
    const tap = { matches, observer: observer as unknown as Observer };
    return undoOf(this.#facilities.topics.addTap(tap));
  }

  /**
   * Publishes the event, or runs the work, that the function gives, at the times of a cron expression (read in UTC, unless `timeZone` says otherwise) or at
   * equal intervals. A run is over when that, and everything that it caused, is final. Before `start()`, faults are kept
   * for it; afterwards they are a `TypeError`. Nothing runs before `start()` or after `close()`.
   */
  schedule(
    name: string,
    when: When,
    what: (tick: Tick) => AnyEvent | Work,
    options: ScheduleOptions = {},
  ): Schedule {
    return this.#engine.schedule({ name, when, what, options });
  }

  /**
   * Publishes inside are delivered when the work succeeds; a throw takes them back. Where a transport begins transactions,
   * what `tx.client` writes and what is published inside by that transport is committed together, or not at all; other
   * stores are refused inside. A transaction within another joins it. Rejects with what the work throws, or the commit.
   */
  transaction<T>(work: (scope: TransactionScope) => Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.#engine.transaction(work, options);
  }

  /** Whether it lives, whether it is ready, and why not. */
  health(): Health {
    const { isReady, isClosed, registry } = this.#engine;
    const reasons = reasonsOf(this.#facilities, registry, this.#carriages.ports);
    if (!isReady) reasons.unshift(isClosed ? "the bus is closed" : "the bus has not started");
    return { live: !isClosed, ready: reasons.length === 0, reasons };
  }

  /** Held events, and deliveries that are not final yet and that no store keeps: a crash would lose them now. */
  get atRisk(): number {
    return this.#engine.atRisk;
  }

  /** Events, lanes, subscriptions, steps and counts: as data, and as text by `String()`. */
  describe(): Description {
    return describe(this.#described());
  }

  /** What was decided for each delivery of an event, when the journal is on; or who gets an event, and through what. */
  explain(eventId: string): readonly JournalEntry[];
  explain(event: EventClass): Description;
  explain(subject: string | EventClass): readonly JournalEntry[] | Description {
    if (typeof subject !== "string") return describe(this.#described(), subject);
    return this.#facilities.journal?.of(subject) ?? [];
  }

  #described() {
    return {
      registry: this.#engine.registry,
      topics: this.#facilities.topics,
      counts: this.#engine.placement.counts,
    };
  }

  #subscribe(events: Events, label: "stream" | "next"): Subscribe {
    return (options, handler, closed) => {
      const undo = this.#engine.on(events, options as SubscriptionOptions<never>, handler, label);
      const forget = this.#engine.onClosed(closed);
      return () => (undo(), forget());
    };
  }
}

/** Makes a bus. Options are checked at once, all faults in one `TypeError`; subscribers are looked at by `start()`. */
export function createBus<const S extends readonly SubscriberClass[]>(options: BusOptions<S> = {}): Bus {
  return new Bus({ options: options as unknown as BusOptions, runtime: processRuntime });
}

/* One per class: a name that another class has, a transport that is not there. */
function classFaults(classes: readonly unknown[], topics: Topics): string[] {
  return (classes as readonly EventClass[]).flatMap((event) => {
    try {
      topics.of(event);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
}
