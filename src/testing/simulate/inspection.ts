/** One bus under inspection: what it publishes, starts and ends is compared with what the engine promises. */
import {
  type AnyEvent,
  type Bus,
  type Delivery,
  type Outcome,
  PartlyAcceptedError,
  type Publish,
  type Receipt,
  type Step,
} from "../../index.js";
import { CallerChecks } from "./caller.js";
import { KeyOrder } from "./key-order.js";
import { LaneChecks } from "./lanes.js";
import { Ledger } from "./ledger.js";
import type { Scheduler } from "./scheduler.js";

/** Tells of a promise that was broken; only the first of a run counts. */
export type Violate = (name: string, facts: string) => void;

export class Inspection {
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly keys: KeyOrder;
  readonly #lanes: LaneChecks;
  readonly #callers: CallerChecks;
  readonly #scheduler: Scheduler;
  readonly #violate: Violate;
  /* Counts change where notices are sent: between them there is nothing new to add up. */
  #looked = -1;
  readonly #accepted: { readonly eventId: string; readonly subscription: string }[] = [];

  /** `callers` is undefined where handlers do not get the context of their publisher. */
  constructor(bus: Bus, parts: { scheduler: Scheduler; violate: Violate; callers: CallerChecks }) {
    const { scheduler, violate } = parts;
    this.bus = bus;
    this.#scheduler = scheduler;
    this.#violate = violate;
    this.#callers = parts.callers;
    this.ledger = new Ledger(bus, { violate, note: (line) => scheduler.note(line) });
    this.keys = new KeyOrder(this.ledger);
    this.#lanes = new LaneChecks(bus);
    scheduler.listeners.push((point, about) => {
      const fault = point === "deliver" ? this.#lanes.takes(about) : undefined;
      if (fault !== undefined) violate("the concurrency is a ceiling", fault);
    });
    const publish = bus.publish as (...given: unknown[]) => Promise<Receipt | readonly Receipt[]>;
    const published = (...given: unknown[]): Promise<unknown> =>
      this.#published(given[0], () => publish(...given));
    Object.defineProperty(bus, "publish", { value: published as Publish });
  }

  /** Stands around every handler, inside all other steps of the bus. */
  started(delivery: Delivery): void {
    const { subscription, key, eventId } = delivery;
    const fault = this.keys.started(subscription, key, eventId);
    if (fault !== undefined) this.#violate("order is kept per key", fault);
  }

  atRest(isQuiet: boolean): void {
    for (const [name, facts] of this.#lanes.faults(isQuiet)) this.#violate(name, facts);
    if (this.#looked === this.ledger.notices && !isQuiet) return;
    this.#looked = this.ledger.notices;
    for (const [name, facts] of this.#lanes.mismatches()) this.#violate(name, facts);
  }

  /** The bus has been closed, and everything has come to rest. */
  atEnd(): void {
    for (const [name, facts] of this.#lanes.leftovers()) this.#violate(name, facts);
    for (const { subscription, eventId } of this.#accepted)
      if (this.ledger.endOf(subscription, eventId) === undefined)
        this.#violate("nothing accepted is lost", `${subscription} ${eventId} never ends`);
    for (const facts of this.#callers.faults())
      this.#violate("handlers see their publisher's context", facts);
  }

  /* What it comes to is heard when the tape says so; what it decides is decided at once, as by any publish. */
  async #published<R extends Receipt | readonly Receipt[]>(
    given: unknown,
    publish: () => Promise<R>,
  ): Promise<R> {
    try {
      const receipts = await this.#callers.publish(publish, (given) => [given].flat().map(({ id }) => id));
      for (const receipt of [receipts].flat() as Receipt[]) this.#accepts(receipt);
      return receipts;
    } catch (error) {
      if (error instanceof PartlyAcceptedError)
        for (const event of [given].flat() as AnyEvent[]) this.ledger.leavesOrder(event);
      throw error;
    } finally {
      await this.#scheduler.point("published");
    }
  }

  #accepts({ id, accepted, held }: Receipt): void {
    if (!held) for (const subscription of accepted) this.#accepted.push({ subscription, eventId: id });
  }
}

/** The step that lets an inspection see what handlers see; `of` knows it when the first handler runs. */
export function inspectionStep(callers: CallerChecks | undefined, of: () => Inspection | undefined): Step {
  const step = callers?.step();
  const inspection = (delivery: Delivery, next: () => Promise<Outcome>): Promise<Outcome> => {
    of()?.started(delivery);
    return step === undefined ? next() : step(delivery, next);
  };
  return inspection;
}
