/**
 * The scheduler: a runtime on which nothing goes on by itself. Where the engine hands over control it waits; when the
 * process has come to rest, the tape says who goes next: one of those that wait, a timer that is due, the end of the
 * turn. When nobody is left, the clock goes to the next timer.
 */
import { AsyncResource } from "node:async_hooks";
import type { HandOver } from "../../runtime/hand-over.js";
import type { Host, HostTimer } from "../../runtime/host.js";
import { processRuntime, type Runtime } from "../../runtime/runtime.js";
import { Turn } from "../../runtime/turn.js";
import { VirtualTime } from "../virtual-time.js";
import type { Tape } from "./tape.js";

interface Choice {
  readonly label: string;
  readonly go: () => void;
}

interface PendingTimer {
  readonly due: number;
  readonly go: () => void;
}

/** How the last drive ended: its work was over, nothing was left that could go on, or it went on for ever. */
export type Driven = "over" | "stuck" | "endless";

const EPOCH = Date.UTC(2026, 0, 1);
/* A scenario that waits for a few turns of the real event loop is still heard of. */
const IDLE_ROUNDS = 20;
/* With this chance the clock moves although somebody is ready: most runs never, some often. */
const LAGS = [0, 0, 0, 1 / 64, 1 / 8];
const LAG_STEPS = [1, 3, 20];

export class Scheduler extends VirtualTime {
  override readonly runtime: Runtime;
  /** One line per decision, and what was written beside it. */
  readonly transcript: string[] = [];
  /** Runs at every rest; a throw would end the run. */
  onRest: (isQuiet: boolean) => void = () => undefined;
  /** Told whenever the engine hands over control, before anybody else. */
  readonly listeners: HandOver[] = [];
  readonly #tape: Tape;
  readonly #decisionsMax: number;
  readonly #lag: number;
  readonly #isRanked: boolean;
  readonly #ranks = new Map<string, number>();
  #ready: Choice[] = [];
  #timers: PendingTimer[] = [];
  #turnEnds: (() => void)[] = [];
  #atQuiet: (() => void)[] = [];
  #now = 0;
  #decisions = 0;

  constructor({ tape, decisionsMax = 20_000 }: { tape: Tape; decisionsMax?: number }) {
    super();
    this.#tape = tape;
    this.#decisionsMax = decisionsMax;
    this.#lag = LAGS[tape.below(LAGS.length)]!;
    this.#isRanked = tape.below(3) === 1;
    let buses = 0;
    const host: Host = {
      now: () => EPOCH + this.#now,
      monotonic: () => this.#now,
      timer: (run, ms) => this.#timer(run, ms),
      macrotask: (run) => void this.#turnEnds.push(inContext(run)),
      random: () => tape.random(),
      idPrefix: () => `bus${++buses}`,
    };
    const handOver: HandOver = (point, about) => {
      for (const listener of this.listeners) void listener(point, about);
      return this.point(`${point} ${about}`);
    };
    this.runtime = { host, turn: new Turn(host), handOver };
  }

  override get now(): number {
    return EPOCH + this.#now;
  }

  override get elapsed(): number {
    return this.#now;
  }

  override get timers(): number {
    return this.#timers.length;
  }

  override get nextDue(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map(({ due }) => due));
  }

  override jump(ms: number): void {
    this.#now += ms;
    this.runtime.turn.reread();
  }

  override runNext(): boolean {
    const due = this.nextDue;
    if (due === undefined) return false;
    this.jump(Math.max(0, due - this.#now));
    this.#ring(this.#timers.find((each) => each.due === due)!);
    return true;
  }

  override random(): number {
    return this.#tape.random();
  }

  /** Holds whoever awaits it until the tape lets it go. */
  point(label: string): Promise<void> {
    return new Promise((go) => this.#ready.push({ label, go }));
  }

  /** Resolves when nobody is ready and no timer is due. */
  quiet(): Promise<void> {
    return new Promise((go) => this.#atQuiet.push(go));
  }

  /** Resolves when so much time has passed. */
  passed(ms: number): Promise<void> {
    return new Promise((resolve) => this.#timer(resolve, ms));
  }

  /** Writes a line into the transcript. */
  note(line: string): void {
    this.transcript.push(`      ${line}`);
  }

  /** Decides until `isOver` says so, or nothing goes on any more. */
  async drive(isOver: () => boolean, idleRounds: number = IDLE_ROUNDS): Promise<Driven> {
    for (let idle = 0; idle < idleRounds;) {
      await new Promise<void>((resolve) => processRuntime.host.macrotask(resolve));
      const choices = this.#choices();
      this.onRest(choices.length === 0);
      if (isOver()) return "over";
      if (++this.#decisions > this.#decisionsMax) return "endless";
      idle = this.#decide(choices) ? 0 : idle + 1;
    }
    return "stuck";
  }

  #choices(): Choice[] {
    const choices = this.#ready.filter(isFirstOfItsWay);
    if (this.#turnEnds.length > 0) choices.push({ label: "turn ends", go: () => this.#endTurn() });
    for (const timer of this.#timers)
      if (timer.due <= this.#now) choices.push({ label: "clock rings", go: () => this.#ring(timer) });
    return choices;
  }

  #decide(choices: readonly Choice[]): boolean {
    if (choices.length === 0) return this.#isWoken() || this.#moveOn();
    if (this.#lag > 0 && this.#turnEnds.length === 0 && this.#tape.random() > 1 - this.#lag)
      this.#lagBehind();
    const chosen = choices[this.#isRanked ? this.#ranked(choices) : this.#tape.below(choices.length)]!;
    this.transcript.push(`${String(this.#now).padStart(5)} ${chosen.label}`);
    const at = this.#ready.indexOf(chosen);
    if (at >= 0) this.#ready.splice(at, 1);
    chosen.go();
    return true;
  }

  /* Whoever ranks lowest starves until nobody else is left: long delays of one party find what even chance seldom does. */
  #ranked(choices: readonly Choice[]): number {
    if (choices.length < 2) return 0;
    if (this.#tape.below(8) === 7) return this.#tape.below(choices.length);
    let best = 0;
    for (let at = 1; at < choices.length; at++)
      if (this.#rank(choices[at]!.label) > this.#rank(choices[best]!.label)) best = at;
    return best;
  }

  #rank(label: string): number {
    const known = this.#ranks.get(label);
    if (known !== undefined) return known;
    const rank = this.#tape.below(16);
    this.#ranks.set(label, rank);
    return rank;
  }

  #lagBehind(): void {
    this.#now += LAG_STEPS[this.#tape.below(LAG_STEPS.length)]!;
  }

  #endTurn(): void {
    const ends = this.#turnEnds;
    this.#turnEnds = [];
    for (const end of ends) end();
  }

  #ring(timer: PendingTimer): void {
    this.#timers = this.#timers.filter((each) => each !== timer);
    timer.go();
  }

  #isWoken(): boolean {
    const woken = this.#atQuiet;
    this.#atQuiet = [];
    for (const go of woken) go();
    return woken.length > 0;
  }

  #moveOn(): boolean {
    const due = this.nextDue;
    if (due !== undefined) this.jump(due - this.#now);
    return due !== undefined;
  }

  #timer(run: () => void, ms: number): HostTimer {
    const timer: PendingTimer = { due: this.#now + ms, go: inContext(run) };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((each) => each !== timer)) };
  }
}

/* As the host's own timers do: in the context of whoever set it. */
function inContext(run: () => void): () => void {
  const context = new AsyncResource("signalbox.simulated", { requireManualDestroy: true });
  return () => context.runInAsyncScope(run);
}

/* A transport sends and hands out in order, whoever else goes in between. */
function isFirstOfItsWay({ label }: Choice, index: number, ready: readonly Choice[]): boolean {
  if (!/^(send|receive) /.test(label)) return true;
  return ready.findIndex((each) => each.label === label) === index;
}
