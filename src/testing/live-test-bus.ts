/** The production bus with what a test needs around it. */
import type {
  AnyEvent,
  BusOptions,
  CloseReport,
  Delayed,
  Duration,
  EventOf,
  Events,
  Publish,
  SubscriberClass,
  TransactionOptions,
  TransactionScope,
} from "../index.js";
import { Bus } from "../index.js";
import { watchRequests } from "../runtime/event-loop.js";
import { AtWork } from "./at-work.js";
import { Gate } from "./gate.js";
import { aroundHandlers } from "./handlers-step.js";
import { LoopGuard } from "./loop-guard.js";
import { mutedOf, SubscriptionNames } from "./names-of.js";
import { Origins } from "./origin.js";
import { Patience, type Waits } from "./patience.js";
import { PublishingDesk } from "./publishing-desk.js";
import { Lists, type Recorded } from "./recorded.js";
import { laneTexts, StillRunningError, workingText } from "./still-running.js";
import { isFailure, Story } from "./story.js";
import type { RehearsalReport } from "./fake/rehearsal.js";
import type { Rehearsing } from "./rehearsing.js";
import type { TestOnly } from "./test-bus-options.js";
import { HandMovedClock } from "./test-clock.js";
import { treeText } from "./tree-text.js";
import { UnderWay } from "./under-way.js";
import type { VirtualTime } from "./virtual-time.js";

export interface LiveWiring {
  readonly time: VirtualTime;
  readonly testOnly: TestOnly;
  readonly options: BusOptions;
  readonly waits: Waits | undefined;
  readonly rehearsing: Rehearsing | undefined;
}

/* Built before the bus, whose first step needs it. */
interface Parts {
  readonly time: VirtualTime;
  readonly story: Story;
  readonly origins: Origins;
  readonly loops: LoopGuard;
  readonly gate: Gate;
  readonly atWork: AtWork;
  readonly names: SubscriptionNames;
  readonly desk: PublishingDesk;
  readonly invoked: WeakSet<AnyEvent>;
  /** Set when there is a bus to wait for. */
  onPublish: () => void;
}

export class LiveTestBus extends Bus {
  declare readonly publish: Publish;
  readonly clock: HandMovedClock;
  readonly underWay: UnderWay = new UnderWay();
  /** A check has said already that it is at work: its disposal need not, and would hide that. */
  isToldOff = false;
  readonly #parts: Parts;
  readonly #lists: Lists;
  readonly #waits: Waits;
  readonly #isSimulated: boolean;
  /** Ends what watches the process for it. */
  readonly unwatch: () => void;
  readonly #rehearsing: Rehearsing | undefined;

  constructor(wiring: LiveWiring) {
    const parts = partsOf(wiring);
    const { story, gate, atWork, invoked, desk, time } = parts;
    const step = aroundHandlers({
      story,
      gate,
      atWork,
      invoked,
      handedOut: (event) => desk.handedOut(event),
      publishOf: (publish, subscription) => desk.publishOf(publish, subscription),
    });
    const steps = [step, ...(wiring.options.steps ?? [])];
    super({ options: { ...wiring.options, steps }, runtime: time.runtime });
    this.#parts = parts;
    this.#lists = new Lists(story, parts.names);
    this.#rehearsing = wiring.rehearsing;
    this.#isSimulated = wiring.waits !== undefined;
    this.unwatch = this.#isSimulated ? () => undefined : watchRequests();
    this.#waits = wiring.waits ?? this.#patience();
    this.clock = new HandMovedClock(time, (call) => this.#waits.rest(call));
    this.publish = desk.publishOf(this.publish);
    this.#follow();
  }

  /** What waits in this process until it is due. */
  get notDue(): readonly Delayed[] {
    return this.delayedHere;
  }

  // ── Waiting ───────────────────────────────────────────────────────────────────────────────────────────────────

  override idle(): Promise<void> {
    if (!this.#parts.gate.isManual) return this.#waits.idle(super.idle(), "bus.idle()");
    return this.#waits.until(() => this.isResting, "bus.idle()");
  }

  /** Runs the first delivery that waits for its step. */
  async step(): Promise<boolean> {
    if (!this.#parts.gate.isManual)
      throw new Error('bus.step() runs nothing by itself in this mode. Make the bus with mode: "manual".');
    return this.underWay.during("bus.step()", async () => {
      await this.#waits.rest("bus.step()");
      const isOne = this.#parts.gate.step();
      if (isOne) await this.#waits.rest("bus.step()");
      return isOne;
    });
  }

  /** Moves the clock as far as the close needs it. */
  override async close(options: { deadline?: Duration | undefined } = {}): Promise<CloseReport> {
    const closing = super.close(options);
    if (this.#isSimulated) return closing;
    let isOver = false;
    const over = (): void => void (isOver = true);
    closing.then(over, over);
    try {
      await this.#waits.rest("bus.close()");
      while (!isOver && this.#parts.time.runNext()) await this.#waits.rest("bus.close()");
    } finally {
      this.unwatch();
    }
    return closing;
  }

  /** Closes at once; throws where anything was running, or ready to, and where a rehearsal has found something. */
  override async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
    const left = this.isResting ? [] : this.working();
    const rehearsed = this.rehearsal();
    await this.close({ deadline: 0 });
    if (rehearsed?.survives === false) throw new Error(String(rehearsed));
    if (left.length === 0 || this.isToldOff) return;
    const does = "Await bus.idle(), receipt.settled() or clock.advance() before the test ends.";
    throw new StillRunningError("A test bus was disposed while something was running", left, does);
  }

  /** Whether there is nothing to wait for, deliveries that wait for their step apart. */
  get isResting(): boolean {
    if (this.isIdle) return true;
    const { gate, atWork } = this.#parts;
    if (!gate.isManual || atWork.size > 0) return false;
    let running = 0;
    for (const lane of this.lanes.values()) running += lane.running;
    return running === gate.size && gate.size > 0;
  }

  // ── What happened ─────────────────────────────────────────────────────────────────────────────────────────────

  published<const C extends Events>(events: C): EventOf<C>[] {
    return this.#lists.published(events);
  }
  handled<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[] {
    return this.#lists.turns(events, by, ({ kind }) => kind === "handled");
  }
  failed<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[] {
    return this.#lists.turns(events, by, isFailure);
  }
  retried<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[] {
    return this.#lists.turns(events, by, ({ kind }) => kind === "retried");
  }
  deadLettered<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[] {
    return this.#lists.turns(events, by, ({ kind }) => kind === "deadLettered");
  }
  dropped<const C extends Events>(events: C, by?: SubscriberClass): Recorded<EventOf<C>>[] {
    return this.#lists.turns(events, by, ({ kind }) => kind === "dropped");
  }
  unhandled<const C extends Events>(events: C): EventOf<C>[] {
    return this.#lists.unhandled(events);
  }

  rehearsal(): RehearsalReport | undefined {
    return this.#rehearsing?.report();
  }

  transcript(): string {
    return this.tree(false);
  }

  /** The causal tree, with the events' data or without. */
  tree(hasData: boolean): string {
    const routedTo = (eventId: string): string[] =>
      this.explain(eventId)
        .filter(({ decision }) => decision === "routed")
        .map(({ subscription }) => subscription);
    return treeText({ story: this.#parts.story, routedTo, hasData });
  }

  // ── The bus's own, with a test's eye ──────────────────────────────────────────────────────────────────────────

  override async invoke(event: AnyEvent, options?: Parameters<Bus["invoke"]>[1]): Promise<void> {
    this.#parts.desk.invoked(event);
    this.#parts.invoked.add(event);
    try {
      await this.underWay.during("bus.invoke()", () => super.invoke(event, options));
    } finally {
      this.#parts.invoked.delete(event);
    }
  }

  override transaction<T>(
    work: (scope: TransactionScope) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const atDesk = (scope: TransactionScope): Promise<T> => {
      const publish = this.#parts.desk.publishOf(scope.publish);
      return work(Object.create(scope, { publish: { value: publish } }) as TransactionScope); // `client` may throw
    };
    return this.underWay.during("bus.transaction()", () => super.transaction(atDesk, options));
  }

  #patience(): Patience {
    const { atWork } = this.#parts;
    const patience = new Patience({
      get lastAt() {
        return atWork.lastAt;
      },
      isAtRest: () => this.isResting,
      report: (call, waited) => this.#inVain(call, waited),
      check: () => this.#parts.loops.check(),
    });
    this.#parts.onPublish = () => {
      if (!this.isResting) return;
      patience.noteIdle();
      this.#parts.loops.rested();
    };
    return patience;
  }

  #follow(): void {
    const { story, origins, loops } = this.#parts;
    story.follow(this.notices);
    this.tap("**", (event, envelope) => {
      const published = story.told(event, envelope, origins.of(event)?.by);
      loops.told(published, envelope.correlation);
    });
    this.notices.on("delivery.deadLettered", ({ eventId, reason }) => {
      if (reason === "loop") loops.found(eventId, "100 events deep");
    });
  }

  #inVain(call: string, waitedMs: number): StillRunningError {
    const waited = `${call} has waited ${Math.round(waitedMs / 100) / 10} s of real time, and something is still running`;
    const does =
      "A handler that sleeps on the bus's clock goes on when clock.advance() moves it; one that waits for something else needs an answer, or a timeout of its subscription.";
    return new StillRunningError(waited, this.working(), does);
  }

  /** What runs and what waits, a sentence each. */
  working(): string[] {
    const { story, origins, atWork, time } = this.#parts;
    const facts = { story, origins, now: time.elapsed };
    const lanes = laneTexts(this.lanes.values());
    const all = [...atWork.all().map((each) => workingText(each, facts)), ...lanes];
    return all.length > 0 ? all : ["a publish that no lane and no transport has answered"];
  }
}

function partsOf({ time, testOnly, options, rehearsing }: LiveWiring): Parts {
  const now = (): number => time.elapsed;
  const story = new Story(now);
  const origins = new Origins();
  const loops = new LoopGuard(story);
  const names = new SubscriptionNames(options, time.runtime);
  const desk = new PublishingDesk({
    story,
    origins,
    loops,
    usesJson: testOnly.json !== false,
    freezes: options.isolate === "freeze",
    onPublish: (events) => {
      parts.onPublish();
      for (const each of events) rehearsing?.check(each);
    },
  });
  const parts: Parts = {
    time,
    story,
    origins,
    loops,
    gate: new Gate(testOnly.mode ?? "run", mutedOf(testOnly, options, names)),
    names,
    desk,
    atWork: new AtWork(now),
    invoked: new WeakSet(),
    onPublish: () => undefined,
  };
  return parts;
}
