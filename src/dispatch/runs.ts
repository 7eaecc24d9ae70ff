/** The runs of a bus: those that go on, and for a while those that have ended, by id. */
import type { Queued } from "../lane/queued.js";
import { Ring } from "../lane/ring.js";
import type { AnyTask } from "../event/event.js";
import { PagedMap } from "../ledger/paged-map.js";
import { currentFrame } from "../runtime/context.js";
import type { Ids } from "../runtime/ids.js";
import type { Turn } from "../runtime/turn.js";
import type { TaskHandle } from "../task/task-handle.js";
import type { ResultOf, TaskClass, TaskOf } from "../task/task-types.js";
import type { Work } from "../event/event.js";
import type { Order, Started } from "../task/work.js";
import { causeIn } from "./attempt.js";
import type { Desk } from "./desk.js";
import type { Desks } from "./desks.js";
import { type KeptParts, KeptRun } from "./kept-run.js";
import type { Run } from "./run.js";
import { originIn } from "./run-origin.js";
import { TaskAttempt } from "./task-attempt.js";
import type { TaskRecord } from "./task-record.js";
import { type TaskHost, TaskRun } from "./task-run.js";

/** What `bus.run` was given, by id: while it goes on, and for a while afterwards. */
export interface Results {
  /** How many are known. */
  readonly size: number;
  /** The handle of a run, with its result; undefined where none is known, or it is another task's. */
  get<C extends TaskClass>(id: string, task: C): TaskHandle<ResultOf<TaskOf<C>>> | undefined;
  get(id: string): TaskHandle<unknown> | undefined;
  /**
   * The same, where it may be known by a store only: run in another process, or before a restart. Rejects where the store does
   * not answer, and before `start()`.
   */
  find<C extends TaskClass>(id: string, task: C): Promise<TaskHandle<ResultOf<TaskOf<C>>> | undefined>;
  find(id: string): Promise<TaskHandle<unknown> | undefined>;
}

/** What is there only once the engine is put together. */
export interface RunParts {
  giveUp(queued: Queued, reason: string): void;
  stopWaiting(queued: Queued): void;
  cancelDelayed(id: string): boolean;
  start(work: Work, order: Order): Started;
}

export interface RunsLimits {
  readonly max: number;
  readonly maxAgeMs: number;
  readonly desks: Desks;
}

export class Runs implements TaskHost, Results {
  readonly #ids: Ids;
  readonly #turn: Turn;
  readonly #max: number;
  readonly #maxAgeMs: number;
  readonly #desks: Desks;
  readonly #byKey = new PagedMap<Run>();
  /* In order of their ends. */
  readonly #kept = new Ring<Run>();
  #parts!: RunParts;

  constructor(ids: Ids, turn: Turn, limits: RunsLimits) {
    this.#ids = ids;
    this.#turn = turn;
    this.#max = limits.max;
    this.#maxAgeMs = limits.maxAgeMs;
    this.#desks = limits.desks;
  }

  connect(parts: RunParts): void {
    this.#parts = parts;
  }

  get size(): number {
    this.#forget();
    return this.#byKey.size;
  }

  get<C extends TaskClass>(id: string, task: C): TaskHandle<ResultOf<TaskOf<C>>> | undefined;
  get(id: string): TaskHandle<unknown> | undefined;
  get(id: string, task?: TaskClass<AnyTask>): TaskHandle<unknown> | undefined {
    const run = this.known(id);
    return task === undefined || run?.name === task.taskName ? run : undefined;
  }

  find<C extends TaskClass>(id: string, task: C): Promise<TaskHandle<ResultOf<TaskOf<C>>> | undefined>;
  find(id: string): Promise<TaskHandle<unknown> | undefined>;
  async find(id: string, task?: TaskClass<AnyTask>): Promise<TaskHandle<unknown> | undefined> {
    const known = this.known(id) ?? (await this.#stored(id));
    return task === undefined || known?.name === task.taskName ? known : undefined;
  }

  async #stored(id: string): Promise<Run | undefined> {
    for (const desk of this.#desks.all()) {
      const record = await desk.read(id);
      if (record !== undefined) return this.known(id) ?? this.recorded(id, record, desk);
    }
    return undefined;
  }

  /** A run that a store knows of. */
  recorded(id: string, record: TaskRecord, desk: Desk): Run {
    const run = new KeptRun({ name: record.task, host: this, origin: originIn(undefined), desk });
    run.sealed(this.#ids.keyOf(id));
    run.isKnown(record);
    return run;
  }

  known(id: string): Run | undefined {
    this.#forget();
    return this.#byKey.get(this.#ids.keyOf(id));
  }

  /** Makes a run known. */
  add(run: Run): void {
    this.#byKey.set(run.key, run);
  }

  /** Nothing was run after all. */
  forget(run: Run): void {
    if (this.#byKey.get(run.key) === run) this.#byKey.delete(run.key);
  }

  /** The run that waits for a delivery which came from elsewhere, or is replayed: a new one where that has ended. */
  received(id: string, name: string, desk: Desk | undefined): TaskRun {
    const key = this.#ids.keyOf(id);
    const known = this.#byKey.get(key);
    if (known instanceof TaskRun && !known.isOver && known.name === name) return known;
    const run = this.runOf({ name, origin: originIn(undefined), ended: undefined, desk });
    run.sealed(key);
    run.isPending = false;
    return run;
  }

  /** The run of a task, written down where a store carries it. */
  runOf({ desk, ...facts }: Omit<KeptParts, "host" | "desk"> & { desk: Desk | undefined }): TaskRun {
    if (desk !== undefined) return new KeptRun({ ...facts, host: this, desk });
    return new TaskRun(facts.name, this, facts.origin, facts.ended);
  }

  // ── What runs ask of their bus ────────────────────────────────────────────────────────────────────────────────

  keep(run: Run): void {
    run.endedAt = this.#turn.moment();
    this.#kept.push(run);
    this.#forget();
  }

  runHere(): Run | undefined {
    const attempt = causeIn(currentFrame());
    return attempt instanceof TaskAttempt && attempt.isInside ? attempt.run : undefined;
  }

  idOf(key: string | number): string {
    return typeof key === "number" ? this.#ids.text(key) : key;
  }

  giveUp(queued: Queued, reason: string): void {
    this.#parts.giveUp(queued, reason);
  }
  stopWaiting(queued: Queued): void {
    this.#parts.stopWaiting(queued);
  }
  cancelDelayed(id: string): boolean {
    return this.#parts.cancelDelayed(id);
  }
  start(work: Work, order: Order): Started {
    return this.#parts.start(work, order);
  }

  #forget(): void {
    for (let oldest = this.#kept.peek(); oldest !== undefined; oldest = this.#kept.peek()) {
      const age = this.#turn.monotonic() - (oldest.endedAt?.monotonic ?? 0);
      if (this.#kept.length <= this.#max && age < this.#maxAgeMs) return;
      this.#kept.shift();
      if (this.#byKey.get(oldest.key) === oldest) this.#byKey.delete(oldest.key);
    }
  }
}
