/** All schedules of a bus: what becomes of each of their times. */
import type { Receipt } from "../delivery/receipt.js";
import type { RunOutcome } from "../delivery/schedule.js";
import type { Log } from "../ledger/log.js";
import type { NoticeBoard } from "../ledger/notice-board.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Timers } from "../runtime/timers.js";
import { tickOf } from "../task/tick.js";
import { Calendar } from "./calendar.js";
import { DueTimer } from "./due-timer.js";
import type { StoredRun } from "./keeper.js";
import { isKept, type Kept, Keeping } from "./keeping.js";
import type { Clocks } from "./pace.js";
import type { Run, Work } from "./run.js";
import { type Runner, Scheduled, type ScheduledParts } from "./scheduled.js";

export interface SchedulesParts {
  readonly runtime: Runtime;
  readonly timers: Timers;
  readonly notices: NoticeBoard;
  readonly log: Log;
  /** Throws where the bus takes nothing. */
  readonly checkOpen: (call: string) => void;
}

/** Past by more, a time is missed. */
export const LATE_MAX = 60_000;
/** More are not counted: each costs as much as finding the next time. */
export const MISSED_MAX = 100;

export class Schedules implements Runner {
  readonly byName: Map<string, Scheduled> = new Map();
  readonly calendar: Calendar = new Calendar();
  readonly #parts: SchedulesParts;
  readonly #timer: DueTimer<Scheduled>;
  readonly #keeping: Keeping;
  #count = 0;
  #began: Clocks | undefined;
  #isStopped = false;
  /* Calls of runNow() that wait for the end of a run. */
  #awaiting: (readonly [Run, () => void])[] = [];

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
    this.#timer = new DueTimer({
      ...parts,
      onDue: (schedule) => this.#due(schedule),
      onReset: (schedule) => this.#begin(schedule, this.#timer.clocks()),
    });
    this.#keeping = new Keeping({
      ...parts,
      decide: (schedule) => this.#decide(schedule),
      runAgain: (schedule, run) => this.#runAgain(schedule, run),
      wait: (schedule) => this.#await(schedule),
      waitFor: (schedule, ms) => this.#waitFor(schedule, ms),
    });
  }

  /** How many have times that are due and wait for the end of a run. */
  get waiting(): number {
    return this.#waiting().length;
  }

  add(parts: Omit<ScheduledParts, "runner">): Scheduled {
    const schedule = new Scheduled({ ...parts, runner: this }, this.#count++);
    this.byName.set(schedule.name, schedule);
    if (this.#began !== undefined) this.#begin(schedule, this.#timer.clocks());
    return schedule;
  }

  /** Times count from now. */
  start(): void {
    this.#began = this.#timer.clocks();
    for (const schedule of this.byName.values()) {
      schedule.at = this.#began[schedule.pace.clock]; // to begin takes time: it is done in parts, as if all were due
      this.#timer.add(schedule);
    }
  }

  /** Nothing becomes due any more; answers what was due and had to wait. */
  stop(): string[] {
    this.#isStopped = true;
    this.#timer.stop();
    this.#keeping.stop();
    for (const each of this.byName.values()) if (isKept(each)) each.waits = undefined; // other processes have them
    return this.#waiting().map((each) => {
      each.waits = undefined;
      return `${each.name} (due ${this.#dateOf(each, each.due!).toISOString()})`;
    });
  }

  /** Resolves when stores have what was decided. */
  written(): Promise<void> {
    return this.#keeping.written();
  }

  // ── What can be asked of a schedule ───────────────────────────────────────────────────────────────────────────

  upcoming(schedule: Scheduled, count: number): readonly Date[] {
    if (schedule.isRemoved || this.#isStopped) return [];
    const clocks = this.#timer.clocks();
    if (!schedule.hasBegun) schedule.begin(this.#began ?? clocks);
    const now = clocks[schedule.pace.clock];
    const { due } = schedule;
    const dates: Date[] = [];
    let next = due !== undefined && due <= now ? schedule.nextAfter(now) : due;
    for (; next !== undefined && dates.length < count; next = schedule.nextAfter(next))
      dates.push(this.#dateOf(schedule, next));
    return dates;
  }

  async runNow(schedule: Scheduled): Promise<Receipt> {
    for (;;) {
      this.#parts.checkOpen("schedule.runNow()");
      if (schedule.isRemoved)
        throw new TypeError(`Schedule ${schedule.name} was removed and runs no more. Add it anew.`);
      const { run } = schedule;
      if (run === undefined)
        return this.#started(schedule, new Date(this.#timer.clocks().wall), schedule.work).receipt;
      if (schedule.rules.overlap === "skip") return run.receipt;
      if (schedule.rules.overlap === "cancelPrevious") cancel(schedule, run);
      await new Promise<void>((resolve) => this.#awaiting.push([run, resolve]));
    }
  }

  pause(schedule: Scheduled): void {
    schedule.isPaused = true;
    schedule.waits = undefined;
    if (schedule.hasBegun) this.#timer.delete(schedule);
  }

  resume(schedule: Scheduled): void {
    if (!schedule.isPaused) return;
    schedule.isPaused = false;
    if (!schedule.hasBegun || schedule.due === undefined) return;
    const now = this.#now(schedule);
    const isSkipped = schedule.due <= now && schedule.rules.missed === "skip" && !isKept(schedule);
    if (isSkipped) this.#skip(schedule, now, "paused");
    this.#await(schedule);
  }

  remove(schedule: Scheduled): void {
    if (schedule.isRemoved) return;
    schedule.isRemoved = true;
    this.byName.delete(schedule.name);
    this.#timer.delete(schedule);
    schedule.due = schedule.waits = undefined;
    schedule.work.removed();
  }

  // ── What becomes of a time ────────────────────────────────────────────────────────────────────────────────────

  #begin(schedule: Scheduled, clocks: Clocks): void {
    schedule.hasBegun = true;
    schedule.begin(clocks);
    if (isKept(schedule)) this.#keeping.begin(schedule);
    else this.#await(schedule);
  }

  #due(schedule: Scheduled): void {
    if (!schedule.hasBegun) return this.#begin(schedule, this.#began!);
    if (isKept(schedule) && !schedule.keeper.isLeading) return this.#keeping.due(schedule);
    this.#decide(schedule);
  }

  #decide(schedule: Scheduled): void {
    if (schedule.due === undefined) return;
    const now = this.#now(schedule);
    if (schedule.run !== undefined) return this.#overlap(schedule, schedule.run, now);
    if (schedule.waits === undefined) this.#passMissed(schedule, now);
    else if (schedule.waits === "latest") this.#skip(schedule, schedule.latest(now) - 1, "overlap");
    const { due } = schedule;
    if (due === undefined || due > now) return this.#await(schedule);
    schedule.due = schedule.nextAfter(due);
    const isBehind = schedule.due !== undefined && schedule.due <= now;
    schedule.waits = isBehind ? "each" : undefined;
    this.#run(schedule, due);
    if (!isBehind || schedule.run === undefined) this.#await(schedule);
  }

  #overlap(schedule: Scheduled, run: Run, now: number): void {
    const { overlap } = schedule.rules;
    if (overlap === "skip") {
      this.#skip(schedule, now, "overlap");
      return this.#await(schedule);
    }
    schedule.waits = overlap === "queue" ? "each" : "latest";
    if (overlap === "cancelPrevious") cancel(schedule, run);
  }

  /* One that comes alone and is a little late is no missed one: the event loop was busy. */
  #passMissed(schedule: Scheduled, now: number): void {
    const { missed, jitterMs } = schedule.rules;
    const due = schedule.due!;
    const following = schedule.nextAfter(due);
    if ((following === undefined || following > now) && now - schedule.at <= LATE_MAX) return;
    if (typeof missed === "number") return this.#skip(schedule, now - missed - 1, "missed");
    const latest = schedule.latest(now);
    const isLost = missed === "skip" && now - latest > LATE_MAX + jitterMs;
    this.#skip(schedule, isLost ? now : latest - 1, "missed");
  }

  /* Times up to `until` get no run; the next tick says how many. */
  #skip(schedule: Scheduled, until: number, reason: "missed" | "overlap" | "paused"): void {
    const first = schedule.due;
    let count = 0;
    while (schedule.due !== undefined && schedule.due <= until) {
      schedule.due = schedule.nextAfter(count < MISSED_MAX ? schedule.due : until);
      if (count < MISSED_MAX) count++;
    }
    if (first === undefined || count === 0) return;
    schedule.missed = Math.min(MISSED_MAX, schedule.missed + count);
    const { notices, runtime } = this.#parts;
    if (!notices.hears("schedule.skipped")) return;
    const facts = { schedule: schedule.name, due: this.#dateOf(schedule, first), count, reason };
    notices.post("schedule.skipped", { at: new Date(runtime.host.now()), ...facts });
  }

  #run(schedule: Scheduled, due: number): void {
    try {
      const work = isKept(schedule) ? this.#keeping.workOf(schedule, 1) : schedule.work;
      this.#started(schedule, this.#dateOf(schedule, due), work);
    } catch (error) {
      schedule.missed++;
      this.#parts.log.scheduleFailed(schedule.name, error);
    }
  }

  /* Missed times were counted when it was begun. */
  #runAgain(schedule: Scheduled, { due, missed, times }: StoredRun): void {
    schedule.missed = missed;
    this.#started(schedule, new Date(due), this.#keeping.workOf(schedule as Kept, times + 1));
    this.#await(schedule);
  }

  #started(schedule: Scheduled, due: Date, work: Work): Run {
    const at = new Date(this.#timer.clocks().wall);
    schedule.last = Object.freeze({ due, at, outcome: "failed" }); // until it has begun
    const tick = tickOf({ schedule: schedule.name, due, missed: schedule.missed });
    const run = work.begin(tick, (outcome) => this.#over(schedule, run, outcome));
    schedule.missed = 0;
    schedule.run = run;
    schedule.last = Object.freeze({ due, at, outcome: "running" });
    return run;
  }

  #over(schedule: Scheduled, run: Run, outcome: RunOutcome): void {
    if (schedule.run !== run) return;
    schedule.run = undefined;
    schedule.last = Object.freeze({ ...schedule.last!, outcome });
    const awaiting = this.#awaiting;
    this.#awaiting = awaiting.filter((each) => each[0] !== run);
    for (const [awaited, goOn] of awaiting) if (awaited === run) goOn();
    if (schedule.waits !== undefined) this.#await(schedule);
    else if (isKept(schedule)) this.#keeping.over(schedule, outcome === "abandoned");
  }

  /* What waits for the end of a run is due at once when there is none. */
  #await(schedule: Scheduled): void {
    const { due } = schedule;
    if (due === undefined || schedule.isPaused || schedule.place >= 0) return;
    schedule.at = schedule.waits === undefined ? due + this.#jitterOf(schedule, due) : due;
    this.#timer.add(schedule);
  }

  /* It is looked at then, whether or not one of its times has come. */
  #waitFor(schedule: Scheduled, ms: number): void {
    if (schedule.isRemoved || schedule.isPaused || this.#isStopped) return;
    this.#timer.delete(schedule);
    schedule.at = this.#now(schedule) + ms;
    this.#timer.add(schedule);
  }

  #jitterOf(schedule: Scheduled, due: number): number {
    const { jitterMs } = schedule.rules;
    if (jitterMs === 0) return 0;
    const gap = (schedule.nextAfter(due) ?? Infinity) - due;
    return this.#parts.runtime.host.random() * Math.min(jitterMs, gap / 2);
  }

  #waiting(): Scheduled[] {
    return [...this.byName.values()].filter((each) => each.waits !== undefined);
  }

  #now({ pace }: Scheduled): number {
    return this.#timer.clocks()[pace.clock];
  }

  #dateOf({ pace }: Scheduled, moment: number): Date {
    const clocks = this.#timer.clocks();
    return new Date(Math.round(clocks.wall + moment - clocks[pace.clock]));
  }
}

function cancel({ name }: Scheduled, run: Run): void {
  run.cancel(`the next run of ${name} cancelled it`);
}
