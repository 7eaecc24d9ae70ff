/** The life of an application that chance makes up: it publishes, waits, pauses, changes its mind, closes. */
import {
  deadLetter,
  type Delivery,
  drop,
  type Lane,
  type Publish,
  type Receipt,
  retry,
} from "../../src/index.js";
import { Bus } from "../../src/bus.js";
import { fakeTransport } from "../../src/testing/fake/fake-transport.js";
import type { Inspection } from "../../src/testing/simulate/inspection.js";
import type { Stage } from "../../src/testing/simulate/run.js";
import {
  type AnyJob,
  type BusPlan,
  busPlan,
  EVENTS,
  type JobClass,
  jobPlan,
  Order,
  type SubscriptionPlan,
} from "./application.js";
import { Draw } from "./draw.js";
import { type LaneModel, laneModels } from "./lane-model.js";
import { callers, type Job, Model } from "./model.js";

interface Member {
  readonly bus: Bus;
  readonly plan: BusPlan;
  readonly inspection: Inspection;
  readonly lanes: ReadonlyMap<string, LaneModel>;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const ignored = (): undefined => undefined;

export class Life {
  readonly draw: Draw;
  readonly stage: Stage;
  readonly model: Model;
  readonly members: Member[] = [];
  receipts: Receipt[] = [];
  /** Every bus was started before anything was published. */
  hasStarted = false;
  #n = 0;

  constructor(stage: Stage) {
    this.stage = stage;
    this.draw = new Draw(stage.tape);
    this.model = new Model(stage);
  }

  /** Makes one bus or two, and lets them start now or later. */
  async begin(): Promise<void> {
    const count = this.draw.oneIn(4) ? 2 : 1;
    for (let index = 0; index < count; index++) this.#add(busPlan(this.draw, `b${index}`));
    this.stage.scheduler.listeners.push((point, about) => {
      for (const { lanes } of this.members)
        if (point === "deliver") lanes.get(about)?.takes();
        else if (point === "settle") lanes.get(about)?.settles();
    });
    this.stage.invariant("nobody waits for what is there", (isQuiet) => !isQuiet || this.#isFair());
    const starts = this.members.map(({ bus }) => bus.start().catch(ignored));
    if (this.draw.oneIn(5)) return;
    await Promise.all(starts);
    this.hasStarted = true;
  }

  #add(plan: BusPlan): void {
    const { scheduler } = this.stage;
    const options = {
      lanes: plan.lanes,
      context: plan.context,
      logger: SILENT,
      onUnhandled: "ignore",
      ...(plan.isCarried && { transport: fakeTransport().runOn(scheduler.runtime.host) }),
    } as const;
    const bus = new Bus({ options, runtime: scheduler.runtime });
    const inspection = this.stage.inspect(bus);
    const handle = (subscription: SubscriptionPlan) => (event: AnyJob, delivery: Delivery) =>
      this.#handle(subscription, inspection, event, delivery);
    for (const each of plan.subscriptions) bus.on(each.events, each.options, handle(each));
    const optionsOf = (name: string) =>
      plan.lanes[name] ?? plan.subscriptions.find((each) => each.laneName === name)?.lane ?? {};
    const lanes = laneModels(this.stage, bus, optionsOf);
    this.model.watch(bus, plan.subscriptions);
    this.members.push({ bus, plan, inspection, lanes });
  }

  #isFair(): boolean {
    return this.members.every(({ lanes }) =>
      [...lanes.values()].every((lane) => lane.isFair(this.model.hasTransaction > 0)),
    );
  }

  /** By hand: not what its breaker does. */
  resume({ lanes }: Member, lane: Lane): void {
    const model = lanes.get(lane.name);
    if (model === undefined) lane.resume();
    else model.resumed(() => lane.resume());
  }

  // ── Publishing ────────────────────────────────────────────────────────────────────────────────────────────────

  /** A new event, and what is to become of it. */
  job(depth: number, member: Member, as: JobClass = this.draw.pick(EVENTS)): Job {
    const n = this.#n++;
    const facts = { n, twin: `t${this.draw.below(3)}`, of: `k${this.draw.below(2)}` };
    const event = as === Order ? new Order(facts) : new as(facts as never);
    const plan = jobPlan(this.draw, depth);
    const { context } = member.plan;
    const told = {
      askedAt: 0,
      askedSeq: 0,
      firstSeq: 0,
      isAnswered: false,
      eventId: undefined,
      isHeld: false,
      isReplayed: false,
    };
    return { n, event, plan, depth, context, ...told, accepted: [], refused: undefined, refusedSeq: 0 };
  }

  /** Publishes, and keeps what came of it; a refusal is an answer like any other. */
  async publish(
    jobs: readonly Job[],
    publish: Publish,
    options: Parameters<Publish>[1] = {},
  ): Promise<readonly Receipt[]> {
    for (const job of jobs) this.model.asked(job);
    const events = jobs.map((job) => job.event);
    try {
      const ns = { ns: jobs.map((job) => job.n) };
      const receipts = await callers.run(ns, () => publish(events, options));
      receipts.forEach((receipt, index) => this.model.answered(jobs[index]!, receipt));
      this.receipts.push(...receipts);
      return receipts;
    } catch (error) {
      for (const job of jobs) this.model.refused(job, error, jobs.length > 1);
      return [];
    }
  }

  /** What of it is committed is published, what of it fails never was. */
  async transact(member: Member, jobs: readonly Job[], isToFail: boolean): Promise<void> {
    this.model.hasTransaction++;
    try {
      await member.bus.transaction(async (tx) => {
        for (const job of jobs) await this.publish([job], tx.publish);
        await this.stage.scheduler.point("transaction");
        if (isToFail) throw new Error("rolled back");
      });
    } catch (error) {
      for (const job of jobs) this.model.refused(job, error);
    } finally {
      this.model.hasTransaction--;
    }
  }

  // ── Handling ──────────────────────────────────────────────────────────────────────────────────────────────────

  #handle(plan: SubscriptionPlan, inspection: Inspection, event: AnyJob, delivery: Delivery): unknown {
    const job = this.model.called(plan, event, delivery, inspection);
    const { takes, publishes } = job.plan;
    const member = this.members.find((each) => each.inspection === inspection)!;
    if (takes === "nothing" && publishes === "nothing") return this.#answer(plan, job, delivery);
    return this.#work(member, job, delivery).then(
      () => this.#answer(plan, job, delivery),
      (error: unknown) => {
        this.model.ended(plan, job, delivery, "fails");
        throw error;
      },
    );
  }

  async #work(member: Member, job: Job, delivery: Delivery): Promise<void> {
    const { scheduler } = this.stage;
    const { takes } = job.plan;
    if (takes === "a turn") await scheduler.point("works");
    if (takes === "a while") await delivery.sleep(3);
    if (takes === "too long") await scheduler.passed(40);
    if (takes === "for ages") await scheduler.passed(3_000);
    await this.#publishInside(member, job, delivery);
  }

  async #publishInside(member: Member, job: Job, delivery: Delivery): Promise<void> {
    const { publishes, publishesAs } = job.plan;
    if (publishes === "nothing") return;
    const other = this.members.find((each) => each !== member) ?? member;
    const child = this.job(job.depth + 1, publishes === "elsewhere" ? other : member, publishesAs);
    if (publishes === "in a transaction") return this.transact(member, [child], this.draw.oneIn(3));
    const publish = {
      inside: delivery.publish,
      "and forgets": delivery.publish,
      "by the bus": member.bus.publish,
      elsewhere: other.bus.publish,
    };
    const own = this.#laneOf(member, delivery);
    const before = own?.waitingPublishes;
    const published = this.publish([child], publish[publishes]);
    const isInside = publishes === "inside" || publishes === "and forgets";
    if (isInside && own !== undefined && own.waitingPublishes > before!)
      this.stage.violate("what would close a circle does not wait", `${delivery.subscription} ${child.n}`);
    if (publishes !== "and forgets") await published;
  }

  /* The lane that a delivery holds a slot of for certain: no timeout has released it. */
  #laneOf({ bus, plan }: Member, { subscription }: Delivery): Lane | undefined {
    const own = plan.subscriptions.find(({ name }) => name === subscription)!;
    return own.options.timeout === undefined && !this.model.isClosing
      ? bus.lanes.get(own.laneName)
      : undefined;
  }

  #answer(plan: SubscriptionPlan, job: Job, delivery: Delivery): unknown {
    const { fails, how } = job.plan;
    const isFailing = delivery.attempt <= fails;
    const isFinal = how === "deadLetter" || how === "drop";
    this.model.ended(plan, job, delivery, !isFailing ? "succeeds" : isFinal ? "gives up" : "fails");
    if (!isFailing) return undefined;
    if (how === "throws") throw new Error("no");
    if (how === "rejects") return Promise.reject(new Error("no"));
    if (how === "asks") return retry({ after: 5 });
    return how === "drop" ? drop("not wanted") : deadLetter("not wanted");
  }
}
