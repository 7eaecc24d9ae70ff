/** `bus.run`: what work gets of the engine to start itself, and how one task is started. */
import type { PublishOptions } from "../delivery/receipt.js";
import { definitionOf, isEvent } from "../event/definition.js";
import type { AnyEvent, AnyTask, Work } from "../event/event.js";
import { CallerContext, type Frame } from "../runtime/context.js";
import { show } from "../runtime/options.js";
import { isThenable } from "../runtime/thenable.js";
import type { TaskHandle } from "../task/task-handle.js";
import { isWork, type Order, type RunPorts, start, type Started, type Whole } from "../task/work.js";
import { deliveryOf } from "./attempt.js";
import type { Carriage } from "./carriage.js";
import type { Desk } from "./desk.js";
import type { Facilities } from "./facilities.js";
import type { KeptRun } from "./kept-run.js";
import { KeptWhole } from "./kept-whole.js";
import type { Placement } from "./placement.js";
import type { Publisher } from "./publisher.js";
import type { Run } from "./run.js";
import { originIn, type RunOrigin } from "./run-origin.js";
import type { Settlement } from "./settlement.js";
import { endingOf, type TaskRecord } from "./task-record.js";
import type { TaskRun } from "./task-run.js";
import type { Ticket } from "./ticket.js";
import { WholeRun } from "./whole-run.js";

export interface TaskParts {
  readonly publisher: Publisher;
  readonly placement: Placement;
  readonly settlement: Settlement;
}

export class Tasks implements RunPorts {
  readonly #facilities: Facilities;
  readonly #publisher: Publisher;

  constructor(facilities: Facilities, { publisher, placement, settlement }: TaskParts) {
    this.#facilities = facilities;
    this.#publisher = publisher;
    facilities.runs.connect({
      giveUp: (queued, reason) => {
        const ticket = queued as Ticket;
        settlement.giveUp(ticket, "dropped", { reason });
        ticket.route.lane.idle();
      },
      stopWaiting: (queued) => placement.stopWaiting([queued as Ticket]),
      cancelDelayed: (id) => publisher.later.cancel(id),
      start: (work, order) => this.start(work, order),
    });
  }

  /** Starts work and answers its handle when it has been accepted; work under an id that is known already is not started again. */
  run(
    work: Work,
    options: PublishOptions | undefined,
    frame: Frame | undefined,
  ): Promise<TaskHandle<unknown>> {
    try {
      if (!isWork(work)) throw notWork(work);
      const known = options?.id === undefined ? undefined : this.#facilities.runs.known(options.id);
      if (known !== undefined) return Promise.resolve(sameOf(known, work));
      const order = { options, origin: originIn(frame), ended: undefined };
      const desk = this.#deskOf(options?.id, this.#facilities.carriages.default);
      if (desk !== undefined && !isEvent(work)) return this.#unlessEnded(work, order, desk);
      return accepted(this.start(work, order));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** The same without waiting, for parts of other work. */
  start(work: Work, order: Order): Started {
    if (!isWork(work)) throw notWork(work);
    return start(work, this, order);
  }

  task(task: AnyTask, { options, origin, ended }: Order): Started {
    const { runs, desks, topics } = this.#facilities;
    const event = task as unknown as AnyEvent;
    const { carriage, definition } = topics.of(event);
    const from = origin as RunOrigin;
    const run = runs.runOf({ name: definition.name, origin: from, ended, desk: desks.of(carriage) });
    const submit = (): unknown => this.#publisher.submit(event, options, from.frame, run);
    try {
      const desk = this.#deskOf(options?.id, carriage);
      const receipt =
        desk === undefined ? submit() : this.#unlessKnown(run as KeptRun, desk, submit, options!.id!);
      if (isThenable(receipt)) run.accepted = this.#accepted(run, receipt);
      else run.isPending = false;
    } catch (error) {
      runs.forget(run);
      throw error;
    }
    return run;
  }

  /* Where an id may be known by a store that this process does not know of. */
  #deskOf(id: string | undefined, carriage: Carriage): Desk | undefined {
    const mayAsk = id !== undefined && this.#publisher.admission !== "held";
    return mayAsk ? this.#facilities.desks.of(carriage) : undefined;
  }

  /* Under an id that the store knows nothing is sent. */
  // oxlint-disable-next-line max-params -- one task, and where it may be known
  #unlessKnown(run: KeptRun, desk: Desk, submit: () => unknown, id: string): unknown {
    const decide = (record: TaskRecord | undefined): unknown => {
      if (record === undefined) return submit();
      run.sealed(this.#facilities.ids.keyOf(id));
      refuseOther({ id, name: record.task }, run.name);
      run.isKnown(record);
      return undefined;
    };
    const record = desk.read(id);
    return isThenable(record) ? record.then(decide) : decide(record);
  }

  /* Divided work that has not ended is run again: its parts know how far they are. */
  async #unlessEnded(work: Work, order: Order, desk: Desk): Promise<TaskHandle<unknown>> {
    const id = order.options!.id!;
    const record = await desk.read(id);
    const { runs } = this.#facilities;
    if (record !== undefined && endingOf(record) !== undefined)
      return runs.known(id) ?? runs.recorded(id, record, desk);
    return accepted(this.start(work, order));
  }

  whole(name: string, order: Order, cancel: (reason: string) => void): Whole {
    const { runs, ids, keepsContext, bus, carriages } = this.#facilities;
    refuseOfOne(order.options);
    const { frame, tree } = order.origin as RunOrigin;
    const from = deliveryOf(frame);
    const id = order.options?.id ?? ids.text(ids.next());
    const facts = {
      id,
      key: ids.keyOf(id),
      caller: keepsContext ? new CallerContext() : undefined,
      tree: tree ?? (from?.bus === bus ? from.ticket.tree : undefined),
    };
    const desk =
      this.#publisher.admission === "held" ? undefined : this.#facilities.desks.of(carriages.default);
    const all = { ...facts, name, order, cancel };
    const run = desk === undefined ? new WholeRun(all, runs) : new KeptWhole(all, runs, desk);
    runs.add(run);
    return run;
  }

  /* Whoever waits for its end hears of what refused it, too. */
  async #accepted(run: TaskRun, receipt: PromiseLike<unknown>): Promise<void> {
    try {
      await receipt;
      run.isPending = false;
    } catch (error) {
      run.refused(error);
      throw error;
    }
  }
}

/* The work that its id stands for already. */
function sameOf(known: Run, work: Work): Run {
  const name = isEvent(work) ? definitionOf(work).name : known.name;
  refuseOther(known, name);
  return known;
}

function refuseOther(known: { readonly id: string; readonly name: string }, name: string): void {
  if (name === known.name) return;
  throw new TypeError(`The id ${known.id} is that of ${known.name}, not of ${name}. Give each run its own.`);
}

/* Its handle when it has been accepted. */
function accepted(started: Started): Promise<TaskHandle<unknown>> {
  return started.accepted === undefined ? Promise.resolve(started) : started.accepted.then(() => started);
}

function notWork(given: unknown): TypeError {
  const does =
    typeof given === "function"
      ? "Write `new` before the class."
      : "An event is published: bus.publish(event).";
  return new TypeError(`Expected work to run, such as a task or a group, got ${show(given)}. ${does}`);
}

/* What only one delivery can have. */
function refuseOfOne(options: PublishOptions | undefined): void {
  const found = (["key", "delay", "expiresIn", "transaction"] as const).filter(
    (name) => options?.[name] !== undefined,
  );
  if (found.length === 0) return;
  throw new TypeError(
    `Expected no \`${found[0]}\` for work that consists of other work, which takes id, headers, priority and signal.`,
  );
}
