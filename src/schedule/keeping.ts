/** Schedules that a store keeps: which of the processes runs what is due, and what it leaves to the others. */
import type { Log } from "../ledger/log.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Timer, Timers } from "../runtime/timers.js";
import { toError } from "../errors.js";
import type { Keeper, Position, StoredRun } from "./keeper.js";
import type { Run, Work } from "./run.js";
import type { Scheduled } from "./scheduled.js";

export interface KeepingParts {
  readonly runtime: Runtime;
  readonly timers: Timers;
  readonly log: Log;
  /** Decides on what is due, as if there were this process only. */
  readonly decide: (schedule: Scheduled) => void;
  /** Begins a run that another process has not ended. */
  readonly runAgain: (schedule: Scheduled, run: StoredRun) => void;
  /** Waits for the next of its times. */
  readonly wait: (schedule: Scheduled) => void;
  /** Looks at it once more, so many milliseconds from now. */
  readonly waitFor: (schedule: Scheduled, ms: number) => void;
}

/** A schedule that a store keeps. */
export type Kept = Scheduled & { readonly keeper: Keeper };

/* Nobody is told: another process runs it. */
class LeaseLostError extends Error {}

/* Of a lease: how often it is extended, and looked at. */
const LOOKS = 4;
/* Nobody has run what another rule says: its processes are gone. */
const GONE_MS = 60_000;

export class Keeping {
  readonly #parts: KeepingParts;
  readonly #pending = new Set<Promise<void>>();
  readonly #renewals = new Map<Scheduled, Timer>();
  #isStopped = false;

  constructor(parts: KeepingParts) {
    this.#parts = parts;
  }

  /** Its times go on where those of all processes stand. */
  begin(schedule: Kept): void {
    this.#work(schedule, async () => {
      const { keeper } = schedule;
      do {
        await keeper.look();
        if (schedule.isRemoved) return;
      } while (!(await keeper.join(this.#wall(), (after) => schedule.nextAfter(after))));
      if (schedule.isRemoved) return;
      this.#adopt(schedule, keeper.position!);
      if (keeper.position!.run !== null) this.#parts.waitFor(schedule, 0);
      else this.#parts.wait(schedule);
    });
  }

  /** One of its times has come, or it is time to look whether somebody has run it. */
  due(schedule: Kept): void {
    this.#work(schedule, () => this.#claim(schedule));
  }

  /** Nothing of it runs here, nor waits for the end of a run. */
  over(schedule: Kept, isUndone: boolean): void {
    const { keeper } = schedule;
    if (!keeper.isLeading) return;
    this.#stopRenewal(schedule);
    this.#work(schedule, () => keeper.rest(positionOf(schedule, this.#wall()), isUndone && this.#isStopped));
  }

  /** What is due runs elsewhere from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when everything is written. */
  async written(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** The work of a schedule here, which begins when the record says that it does. */
  workOf(schedule: Kept, times: number): Work {
    const { work, name } = schedule;
    const begin: Work["begin"] = (tick, over) => {
      let begun: Run | undefined;
      let cancelled: string | undefined;
      const recorded = this.#recorded(schedule, { due: tick.due.getTime(), missed: tick.missed, times });
      const receipt = recorded.then(() => {
        begun = work.begin(tick, over, { id: `${name}@${tick.due.toISOString()}`, times });
        if (cancelled !== undefined) begun.cancel(cancelled);
        return begun.receipt;
      });
      receipt.catch((error: unknown) => {
        if (!(error instanceof LeaseLostError)) this.#parts.log.scheduleFailed(name, error);
        over("failed");
      });
      return { receipt, cancel: (reason) => (begun ? begun.cancel(reason) : (cancelled = reason)) };
    };
    return { begin, removed: () => work.removed() };
  }

  async #recorded(schedule: Kept, run: StoredRun): Promise<void> {
    const { keeper } = schedule;
    const position = { ...positionOf(schedule, this.#wall()), missed: 0, run };
    try {
      if (this.#now() < keeper.heldUntil && (await keeper.move(position))) return;
    } catch (error) {
      this.#stepDown(schedule);
      throw error;
    }
    this.#stepDown(schedule);
    throw new LeaseLostError();
  }

  async #claim(schedule: Kept): Promise<void> {
    const { keeper } = schedule;
    const seen = await keeper.look();
    if (schedule.isRemoved) return;
    if (seen !== undefined && isDecided(schedule, seen)) return this.#follow(schedule, seen);
    const isFree = schedule.run === undefined && (await keeper.lead(this.#now()));
    if (!isFree) return this.#parts.waitFor(schedule, keeper.leaseMs / LOOKS);
    if (this.#isWanted(schedule) && (await this.#isOurs(keeper))) return this.#lead(schedule);
    await keeper.release();
    if (!schedule.isRemoved) this.#follow(schedule, keeper.position);
  }

  #lead(schedule: Kept): void {
    const position = schedule.keeper.position!;
    schedule.keeper.isLeading = true;
    this.#renew(schedule);
    this.#adopt(schedule, position);
    if (position.run !== null) this.#parts.runAgain(schedule, position.run);
    else this.#parts.decide(schedule);
    if (schedule.run === undefined && schedule.waits === undefined) this.over(schedule, false);
  }

  /* Whoever wrote last has the say, as long as it is there. */
  async #isOurs(keeper: Keeper): Promise<boolean> {
    const found = await keeper.look();
    if (found === undefined || found.rule === keeper.rule) return found !== undefined;
    const isGone = found.next !== null && this.#wall() - found.next > GONE_MS + keeper.leaseMs;
    return isGone && keeper.move({ ...found, after: this.#wall() - 1 });
  }

  #isWanted({ isPaused, isRemoved }: Kept): boolean {
    return !this.#isStopped && !isPaused && !isRemoved;
  }

  /* Another process has decided, or will. */
  #follow(schedule: Kept, position: Position | undefined): void {
    if (position !== undefined) this.#adopt(schedule, position);
    const isOther = position?.rule !== schedule.keeper.rule;
    if (isOther) schedule.resumeAfter(Math.max(this.#wall(), position?.after ?? -Infinity));
    this.#parts.wait(schedule);
  }

  #adopt(schedule: Kept, { after, missed }: Position): void {
    schedule.missed = missed;
    schedule.resumeAfter(after);
    schedule.at = schedule.due ?? schedule.at;
  }

  /* Its lease runs out when the store does not answer, by a clock that nobody sets. */
  #renew(schedule: Kept): void {
    const { keeper } = schedule;
    const look = (): void => {
      if (!keeper.isLeading) return;
      if (this.#now() >= keeper.heldUntil) return this.#stepDown(schedule);
      this.#renew(schedule);
      this.#work(schedule, async () => {
        if (!(await keeper.lead(this.#now()))) this.#stepDown(schedule);
      });
    };
    this.#stopRenewal(schedule);
    this.#renewals.set(schedule, this.#parts.timers.after(keeper.leaseMs / LOOKS, look, "schedule"));
  }

  #stepDown(schedule: Kept): void {
    this.#stopRenewal(schedule);
    schedule.keeper.isLeading = false;
    schedule.waits = undefined;
    schedule.run?.cancel("another process has taken it over");
    this.#parts.waitFor(schedule, schedule.keeper.leaseMs / LOOKS);
  }

  #stopRenewal(schedule: Scheduled): void {
    this.#renewals.get(schedule)?.cancel();
    this.#renewals.delete(schedule);
  }

  /* A store that fails is asked again. */
  #work(schedule: Kept, work: () => Promise<void>): void {
    const { keeper } = schedule;
    const done = work().then(
      () => void (keeper.isTold = false),
      (error: unknown) => {
        if (!keeper.isTold) this.#parts.log.scheduleUnkept(schedule.name, toError(error));
        keeper.isTold = true;
        if (!this.#isStopped) this.#parts.waitFor(schedule, keeper.leaseMs / LOOKS);
      },
    );
    this.#pending.add(done);
    void done.finally(() => this.#pending.delete(done));
  }

  #wall(): number {
    return this.#parts.runtime.host.now();
  }
  #now(): number {
    return this.#parts.runtime.host.monotonic();
  }
}

function isDecided({ due, keeper }: Kept, { rule, after, run }: Position): boolean {
  return rule === keeper.rule && run === null && due !== undefined && after >= due;
}

/* All times before the next one are decided. */
function positionOf(schedule: Scheduled, now: number): Omit<Position, "rule" | "run"> {
  const { due, missed } = schedule;
  return { after: due === undefined ? now : due - 1, next: due ?? null, missed };
}

/** Whether a store keeps it. */
export function isKept(schedule: Scheduled): schedule is Kept {
  return schedule.keeper !== undefined;
}
