/** One run: a scenario from its beginning to the end of its buses, decided by two tapes, checked all the way. */
import { waits } from "../../runtime/wait-for.js";
import type { Bus } from "../../index.js";
import { CallerChecks } from "./caller.js";
import { Inspection } from "./inspection.js";
import { type Driven, Scheduler } from "./scheduler.js";
import { seedOf, Tape } from "./tape.js";

/** Everything that was drawn: who went next, and what the scenario asked for. */
export interface Tapes {
  readonly schedule: readonly number[];
  readonly scenario: readonly number[];
}

export interface Violation {
  readonly name: string;
  readonly facts: string;
}

export interface Run {
  /** The first promise that was broken. */
  readonly violation: Violation | undefined;
  readonly transcript: readonly string[];
  readonly tapes: Tapes;
}

/** What a scenario has in its hands. */
export interface Stage {
  readonly scheduler: Scheduler;
  /** The scenario's own. */
  readonly tape: Tape;
  /** Checks the bus from now on, and closes it in the end. */
  inspect(bus: Bus, how?: Inspected): Inspection;
  violate(name: string, facts: string): void;
  /** Runs when the buses are closed and everything rests. */
  atEnd(verify: () => void): void;
  /** Asked at every rest. */
  invariant(name: string, holds: (isQuiet: boolean) => boolean): void;
}

export interface Inspected {
  readonly callers?: CallerChecks | undefined;
  /** Its transport repeats and takes away: what it hands out again is not the engine's doing. */
  readonly isFaulty?: boolean;
}

interface Invariant {
  readonly name: string;
  readonly holds: (isQuiet: boolean) => boolean;
}

export type Scenario = (stage: Stage) => Promise<void>;

/** How long deliveries may go on after the scenario. */
const DEADLINE = "1s";

export async function run(scenario: Scenario, seed: number, tapes?: Tapes): Promise<Run> {
  const schedule = new Tape(seedOf(seed, 1), tapes?.schedule);
  const tape = new Tape(seedOf(seed, 2), tapes?.scenario);
  const staging = new Staging(new Scheduler({ tape: schedule }), tape);
  await staging.play(scenario);
  return {
    violation: staging.violation,
    transcript: staging.scheduler.transcript,
    tapes: { schedule: schedule.drawn, scenario: tape.drawn },
  };
}

/* What a transport that misbehaves breaks by itself. */
const SPARED: ReadonlySet<string> = new Set(["one settlement per delivery", "order is kept per key"]);

class Staging implements Stage {
  readonly scheduler: Scheduler;
  readonly tape: Tape;
  violation: Violation | undefined;
  readonly #inspections: Inspection[] = [];
  readonly #invariants: Invariant[] = [];
  readonly #verifications: (() => void)[] = [];
  readonly #waitsBefore = waits();

  constructor(scheduler: Scheduler, tape: Tape) {
    this.scheduler = scheduler;
    this.tape = tape;
    scheduler.onRest = (isQuiet) => this.#atRest(isQuiet);
  }

  inspect(bus: Bus, { callers = new CallerChecks(), isFaulty = false }: Inspected = {}): Inspection {
    const violate = (name: string, facts: string): void => {
      if (!isFaulty || !SPARED.has(name)) this.violate(name, facts);
    };
    const inspection = new Inspection(bus, { scheduler: this.scheduler, violate, callers });
    this.#inspections.push(inspection);
    return inspection;
  }

  invariant(name: string, holds: (isQuiet: boolean) => boolean): void {
    this.#invariants.push({ name, holds });
  }

  atEnd(verify: () => void): void {
    this.#verifications.push(verify);
  }

  violate(name: string, facts: string): void {
    if (this.violation !== undefined) return;
    this.violation = { name, facts };
    this.scheduler.note(`✗ ${name}: ${facts}`);
  }

  async play(scenario: Scenario): Promise<void> {
    await this.#until("the scenario", scenario(this));
    await this.#rest();
    const closed = this.#inspections.map(async ({ bus, ledger }) => {
      await bus.close({ deadline: DEADLINE });
      ledger.isClosed = true;
    });
    await this.#until("the close", Promise.all(closed));
    if (this.violation === undefined && this.scheduler.timers > 0)
      this.violate("everything is quiet in the end", `${this.scheduler.timers} timers are left`);
    await this.#rest();
    if (this.violation === undefined) this.#verify();
  }

  /* Drives until the work has ended; what it rejects with is the violation of whoever wrote it. */
  async #until(what: string, work: Promise<unknown>): Promise<void> {
    let isOver = false;
    work.then(
      () => (isOver = true),
      (error: unknown) => {
        isOver = true;
        this.violate(`${what} holds`, worded(error));
      },
    );
    if (this.violation === undefined) this.#driven(what, await this.#drive(() => isOver));
  }

  async #rest(): Promise<void> {
    if (this.violation !== undefined) return;
    const driven = await this.#drive(() => false, 1);
    if (driven === "endless") this.#driven("what the scenario began", driven);
  }

  #drive(isOver: () => boolean, idleRounds?: number): Promise<Driven> {
    return this.scheduler.drive(() => this.violation !== undefined || isOver(), idleRounds);
  }

  #driven(what: string, driven: Driven): void {
    if (driven === "over") return;
    const why = driven === "stuck" ? "nothing is left that could go on" : "it goes on and on";
    this.violate(`${what} ends`, [why, ...this.#inspections.flatMap(standing)].join("; "));
  }

  #atRest(isQuiet: boolean): void {
    for (const inspection of this.#inspections) inspection.atRest(isQuiet);
    for (const each of this.#invariants) this.#ask(each, isQuiet);
  }

  #ask({ name, holds }: Invariant, isQuiet: boolean): void {
    try {
      if (!holds(isQuiet)) this.violate(name, "it does not hold");
    } catch (error) {
      this.violate(name, worded(error));
    }
  }

  #verify(): void {
    for (const verify of this.#verifications) verify();
    for (const inspection of this.#inspections) inspection.atEnd();
    if (waits() !== this.#waitsBefore)
      this.violate("everything is quiet in the end", "the graph of waits has an edge left");
  }
}

function standing({ bus }: Inspection): string[] {
  return Array.from(bus.lanes.values())
    .filter((lane) => lane.waiting + lane.running + lane.retrying + lane.waitingPublishes > 0)
    .map(
      (lane) =>
        `${lane.name}: ${lane.running} run, ${lane.waiting} wait, ${lane.retrying} retry, ${lane.waitingPublishes} publishes wait`,
    );
}

function worded(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
