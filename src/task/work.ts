/** Work carries its own way to start: `bus.run` only calls it, so that there may be more kinds of work than the bus knows. */
import type { PublishOptions } from "../delivery/receipt.js";
import type { AnyTask, Work } from "../event/event.js";
import type { TaskHandle } from "./task-handle.js";

const START: unique symbol = Symbol.for("signalbox.start") as never;

/** How work ended. */
export type Ending =
  | { readonly state: "done"; readonly value: unknown }
  | { readonly state: "failed" | "cancelled"; readonly error: unknown };

/** Work that has been started: its handle, and what is left of its acceptance. */
export interface Started extends TaskHandle<unknown> {
  /** Undefined where it was accepted at once; rejects with what refused it. */
  readonly accepted: Promise<void> | undefined;
  /** Cancels it without waiting for its end. */
  revoke(reason: string): void;
}

/** Where work is started: inside which delivery, as part of what. Only the bus looks into it. */
export interface Origin {
  /** The names of the tasks that were replaced on the way here, the latest last. */
  readonly replaced: readonly string[];
}

export interface Order {
  readonly options: PublishOptions | undefined;
  readonly origin: Origin;
  /** Called once, in the same turn in which the work ends, so that nothing comes between that and what follows. */
  readonly ended: ((ending: Ending) => void) | undefined;
}

/** What work gets of the bus that it starts in. */
export interface RunPorts {
  /** Starts one task; throws, or rejects `accepted`, where nothing takes it. */
  task(task: AnyTask, order: Order): Started;
  /** Opens work that consists of other work: `cancel` is called at most once, and answers nothing. */
  whole(name: string, order: Order, cancel: (reason: string) => void): Whole;
}

/** Work that consists of other work, as its bus knows it. The first end counts, later ones change nothing. */
export interface Whole extends Started {
  /** Why somebody cancelled it, once that has been. */
  readonly cancelReason: string | undefined;
  /**
   * Starts a part of it, which waits for its place as long as it takes. What refuses it is its ending: it never throws.
   * `as` tells it from the other parts, each time that the same work is run.
   */
  start(part: Work, as: number | string, ended: (ending: Ending) => void): Started | undefined;
  /** Its result, or the error that it ended with. */
  end(state: Ending["state"], value: unknown): void;
  /** Ends it as cancelled, for the reason that was given. */
  endCancelled(): void;
  report(done: number, total: number, note?: string): void;
}

export type Start = (work: object, ports: RunPorts, order: Order) => Started;

/** Whether a value can be run. */
export function isWork(value: unknown): value is Work {
  return typeof value === "object" && value !== null && START in value;
}

/** Starts any work. */
export function start(work: Work, ports: RunPorts, order: Order): Started {
  return (work as unknown as { readonly [START]: Start })[START](work, ports, order);
}

/** Gives an object, or all instances of a prototype, their way to start. */
export function makeStartable(target: object, how: Start): void {
  Object.defineProperty(target, START, { value: how });
}
