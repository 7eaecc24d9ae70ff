/** What must have become of each event in each subscription, whoever went first: compared with what did. */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Bus,
  type DeadLetter,
  type Delivery,
  type DeliveryNotice,
  PartlyAcceptedError,
  type Receipt,
} from "../../src/index.js";
import type { Inspection } from "../../src/testing/simulate/inspection.js";
import type { Stage } from "../../src/testing/simulate/run.js";
import { type AnyJob, type JobPlan, Order, type SubscriptionPlan } from "./application.js";

/** What the handler of a subscription was called for, and what it answered. */
interface Calls {
  count: number;
  attempt: number;
  answer: "fails" | "succeeds" | "gives up" | "pending";
}

interface Ends {
  retried: number;
  byAttempt: number;
  untouched: number;
  abandoned: number;
  last: string;
  lastReason: string | undefined;
  at: number;
  seq: number;
}

export interface Job {
  readonly n: number;
  readonly event: AnyJob;
  readonly plan: JobPlan;
  readonly depth: number;
  readonly context: boolean;
  askedAt: number;
  askedSeq: number;
  /** The first time: a job that was refused in part is asked for again. */
  firstSeq: number;
  isAnswered: boolean;
  eventId: string | undefined;
  isHeld: boolean;
  isReplayed: boolean;
  accepted: readonly string[];
  /** Those that must never see it, or everybody who has not accepted it. */
  refused: readonly string[] | "all others" | undefined;
  refusedSeq: number;
}

const UNTOUCHED = /^(full|evicted|superseded|parked)$/;
const WINDOW_MS = 30;

export const callers: AsyncLocalStorage<{ readonly ns: readonly number[] }> = new AsyncLocalStorage();

export class Model {
  readonly jobs: Map<number, Job> = new Map();
  isClosing = false;
  hasTransaction = 0;
  readonly #stage: Stage;
  readonly #calls = new Map<string, Calls>();
  readonly #ends = new Map<string, Ends>();
  readonly #ns = new Map<string, number>();
  readonly #parked = new Set<string>();
  readonly #plans = new Map<string, SubscriptionPlan>();
  #seq = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  watch(bus: Bus, subscriptions: readonly SubscriptionPlan[]): void {
    for (const plan of subscriptions) this.#plans.set(plan.name, plan);
    bus.tap("**", (event, envelope) => void this.#ns.set(envelope.id, (event as AnyJob).n));
    bus.notices.on("delivery.retried", (told) => void this.#endsOf(told).retried++);
    for (const end of ["done", "deadLettered", "dropped", "abandoned", "filtered", "deduplicated"] as const)
      bus.notices.on(`delivery.${end}`, (told) => {
        const ends = this.#endsOf(told);
        if (end === "deduplicated" && ends.last !== "") return; // the same event once more
        if (end === "abandoned") ends.abandoned++;
        else if (end === "filtered" || end === "deduplicated" || UNTOUCHED.test(told.reason ?? ""))
          ends.untouched++;
        else ends.byAttempt++;
        if (end === "deadLettered") this.#parks(told);
        Object.assign(ends, {
          last: end,
          lastReason: told.reason,
          at: this.#stage.scheduler.elapsed,
          seq: ++this.#seq,
        });
      });
  }

  // ── Publishing ────────────────────────────────────────────────────────────────────────────────────────────────

  asked(job: Job): void {
    const { n, event } = job;
    this.#stage.scheduler.note(`job ${n} is asked for: ${event.constructor.name} ${JSON.stringify(event)}`);
    job.askedAt = this.#stage.scheduler.elapsed;
    job.askedSeq = ++this.#seq;
    if (job.firstSeq === 0) job.firstSeq = job.askedSeq;
    job.isAnswered = false;
    job.refused = undefined;
    this.jobs.set(job.n, job);
  }

  answered(job: Job, { id, accepted, deduplicated, held }: Receipt): void {
    job.eventId = id;
    job.isAnswered = true;
    this.#ns.set(id, job.n);
    job.isHeld ||= held;
    job.accepted = accepted;
    if (!held) for (const name of deduplicated) this.#checkTwin(job, name);
  }

  /** `isOneOfMany`: what was accepted and what was refused is told of all of them together. */
  refused(job: Job, error: unknown, isOneOfMany = false): void {
    this.#stage.scheduler.note(`job ${job.n} is refused: ${(error as Error).name}`);
    job.refused = error instanceof PartlyAcceptedError ? error.refused : "all others";
    if (isOneOfMany && error instanceof PartlyAcceptedError) job.refused = undefined;
    else if (error instanceof PartlyAcceptedError) job.accepted = [...job.accepted, ...error.accepted];
    job.refusedSeq = ++this.#seq;
    job.isAnswered = true;
  }

  /* Whoever is told that it had an event already had one like it, which was under way or handled within the window. */
  #checkTwin(job: Job, subscription: string): void {
    const isKnown = [...this.jobs.values()].some((other) => {
      if (other === job || other.event.twin !== job.event.twin) return false;
      if (other.firstSeq > job.askedSeq) return false;
      if (isRefusedBy(subscription, other) && other.refusedSeq < job.askedSeq) return false;
      const ends = this.#endsFor(subscription, other);
      if (ends === undefined || ends.last === "" || ends.seq > job.askedSeq || other.isReplayed) return true;
      return ends.last === "done" && ends.at + WINDOW_MS > job.askedAt;
    });
    if (!isKnown) this.#violate("only what was there before is a duplicate", `${subscription} ${job.n}`);
  }

  // ── Handling ──────────────────────────────────────────────────────────────────────────────────────────────────

  called(plan: SubscriptionPlan, event: AnyJob, delivery: Delivery, inspection: Inspection): Job {
    const job = this.jobs.get(event.n)!;
    const who = `${plan.name} ${event.n}`;
    this.#ns.set(delivery.eventId, event.n);
    job.eventId ??= delivery.eventId;
    inspection.started(delivery);
    const calls = this.#callsOf(plan.name, event.n);
    const isReplay = delivery.attempt === 1 && job.isReplayed;
    if (!isReplay && delivery.attempt !== calls.attempt + 1)
      this.#violate("attempts are counted", `${who}: attempt ${delivery.attempt} after ${calls.attempt}`);
    if (delivery.attempt > plan.attempts) this.#violate("attempts are limited", who);
    calls.attempt = delivery.attempt;
    calls.count++;
    calls.answer = "pending";
    this.#checkContext(job, who);
    this.#checkDedupe(plan, job);
    if (
      plan.options.keyFailure === "park" &&
      delivery.key !== undefined &&
      this.#isParked(plan, delivery.key, job)
    )
      this.#violate("a parked key waits to be resumed", who);
    return job;
  }

  ended(plan: SubscriptionPlan, job: Job, { attempt }: Delivery, answer: Calls["answer"]): void {
    const calls = this.#callsOf(plan.name, job.n);
    if (calls.attempt === attempt) calls.answer = answer; // not of one that was released, and is late
  }

  /** Dead letters come back: in nobody's context, and past the inbox. */
  replayed(letters: readonly DeadLetter[]): void {
    for (const { event } of letters) {
      const job = this.jobs.get((event as AnyJob).n);
      if (job !== undefined) job.isReplayed = true;
    }
  }

  /** The key goes on: parked ones come back. */
  resumed(subscription: string, key: string): void {
    this.#parked.delete(`${subscription} ${key}`);
  }

  #isParked(plan: SubscriptionPlan, key: string, job: Job): boolean {
    return !job.isReplayed && this.#parked.has(`${plan.name} ${key}`);
  }

  #parks({ subscription, eventId, reason }: DeliveryNotice): void {
    const plan = this.#plans.get(subscription);
    const event = this.jobs.get(this.#ns.get(eventId) ?? -1)?.event;
    if (plan?.options.keyFailure === "park" && event instanceof Order && reason !== "parked")
      this.#parked.add(`${subscription} ${event.of}`);
  }

  #checkContext(job: Job, who: string): void {
    const seen = callers.getStore()?.ns;
    if (job.isReplayed) return;
    if (job.context ? seen?.includes(job.n) !== true : seen !== undefined)
      this.#violate("handlers see their publisher's context", `${who} sees that of ${String(seen)}`);
  }

  #checkDedupe(plan: SubscriptionPlan, job: Job): void {
    if (plan.options.dedupe === undefined || job.isHeld || job.isReplayed) return;
    if (job.firstSeq !== job.askedSeq) return; // it may have been taken the first time
    for (const other of this.jobs.values()) {
      const isElder = other !== job && other.event.twin === job.event.twin && other.askedSeq < job.askedSeq;
      if (!isElder || other.isReplayed || other.isHeld) continue;
      const ends = this.#endsFor(plan.name, other);
      const wasCalled = this.#calls.has(`${plan.name} ${other.n}`);
      const isOpen = wasCalled && (ends === undefined || ends.last === "");
      const isKept = ends?.last === "done" && ends.at + WINDOW_MS > job.askedAt;
      if (isOpen || isKept)
        this.#violate("what was there before is a duplicate", `${plan.name} ${job.n} after ${other.n}`);
    }
  }

  // ── In the end ────────────────────────────────────────────────────────────────────────────────────────────────

  verify(): void {
    for (const job of this.jobs.values())
      for (const plan of this.#plans.values())
        if (plan.events.some((event) => job.event instanceof event)) this.#verify(job, plan);
  }

  #verify(job: Job, plan: SubscriptionPlan): void {
    const who = `${plan.name} ${job.n}`;
    const calls = this.#calls.get(who) ?? { count: 0, attempt: 0, answer: "pending" };
    const ends = this.#endsFor(plan.name, job) ?? noEnds();
    const isRefused = isRefusedBy(plan.name, job);
    if (isRefused && calls.count > 0) this.#violate("what was refused never comes", who);
    const unexplained = calls.count - ends.retried - ends.byAttempt;
    if (unexplained < 0 || unexplained > ends.abandoned)
      this.#violate("each attempt comes to one end", `${who}: ${calls.count} calls, ${JSON.stringify(ends)}`);
    if (ends.abandoned > 0 && !this.isClosing)
      this.#violate("nothing accepted is lost", `${who} is abandoned`);
    if (ends.last === "done" && calls.answer !== "succeeds") this.#violate("done is what succeeded", who);
    const isOverflow = ends.last === "dropped" && UNTOUCHED.test(ends.lastReason ?? "");
    if (isOverflow && !/^(drop|coal)/.test(plan.lane.overflow ?? ""))
      this.#violate("only lanes that drop do", `${who}: ${ends.lastReason}`);
    const isTimed = plan.options.timeout !== undefined;
    if (calls.answer === "succeeds" && !isTimed && !this.isClosing && ends.last !== "done")
      this.#violate("what succeeded is done", `${who}: ${ends.last}`);
    const isSpent = ends.last === "deadLettered" && /^(failed|timeout)$/.test(ends.lastReason ?? "");
    if (isSpent && calls.attempt < plan.attempts)
      this.#violate("every attempt is made", `${who}: ${calls.attempt} of ${plan.attempts}`);
  }

  /** `settled()` has answered for an event: every delivery of it that was accepted is final. */
  settled(eventId: string): void {
    const job = this.jobs.get(this.#ns.get(eventId) ?? -1);
    if (job === undefined || job.isReplayed || job.isHeld) return;
    for (const subscription of job.accepted)
      if ((this.#endsFor(subscription, job)?.last ?? "") === "")
        this.#violate("what is settled is final", `${subscription} ${job.n}`);
  }

  #callsOf(subscription: string, n: number): Calls {
    const name = `${subscription} ${n}`;
    const known = this.#calls.get(name);
    if (known !== undefined) return known;
    const calls: Calls = { count: 0, attempt: 0, answer: "pending" };
    this.#calls.set(name, calls);
    return calls;
  }

  #endsFor(subscription: string, job: Job): Ends | undefined {
    return job.eventId === undefined ? undefined : this.#ends.get(`${subscription} ${job.eventId}`);
  }

  #endsOf({ subscription, eventId }: { subscription: string; eventId: string }): Ends {
    const name = `${subscription} ${eventId}`;
    const known = this.#ends.get(name);
    if (known !== undefined) return known;
    const ends = noEnds();
    this.#ends.set(name, ends);
    return ends;
  }

  #violate(name: string, facts: string): void {
    this.#stage.violate(name, facts);
  }
}

function isRefusedBy(subscription: string, { refused, accepted }: Job): boolean {
  return refused === "all others"
    ? !accepted.includes(subscription)
    : refused?.includes(subscription) === true;
}

function noEnds(): Ends {
  const counts = { retried: 0, byAttempt: 0, untouched: 0, abandoned: 0 };
  return { ...counts, last: "", lastReason: undefined, at: 0, seq: 0 };
}
