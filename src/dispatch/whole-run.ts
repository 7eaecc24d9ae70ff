/** The run of work that consists of other work: what it is made of decides how it ends, here is where that is kept. */
import { toError } from "../errors.js";
import type { Work } from "../event/event.js";
import type { Tree } from "../ledger/tree.js";
import type { CallerContext } from "../runtime/context.js";
import type { Ending, Order, Started, Whole } from "../task/work.js";
import { Run, type RunHost } from "./run.js";
import type { RunOrigin } from "./run-origin.js";

export interface WholeHost extends RunHost {
  start(work: Work, order: Order): Started;
}

export interface WholeFacts {
  readonly id: string;
  readonly key: string | number;
  readonly name: string;
  readonly order: Order;
  readonly cancel: (reason: string) => void;
  /** The async context of whoever started it. */
  readonly caller: CallerContext | undefined;
  /** Of the delivery in which it was started: its parts belong to it, and there is one on its way until the end. */
  readonly tree: Tree | undefined;
}

export class WholeRun extends Run implements Whole {
  readonly id: string;
  readonly key: string | number;
  readonly #host: WholeHost;
  /* Not any more once it has ended: the record outlives what it was made of. */
  #facts: WholeFacts | undefined;
  #origin: RunOrigin | undefined;

  constructor(facts: WholeFacts, host: WholeHost) {
    const origin = facts.order.origin as RunOrigin;
    super(facts.name, host, facts.order.ended);
    this.id = facts.id;
    this.key = facts.key;
    this.#host = host;
    this.#facts = facts;
    this.#origin = { ...origin, parent: this, tree: facts.tree, isOwed: true };
  }

  get parent(): Run | undefined {
    return (this.#facts?.order.origin as RunOrigin | undefined)?.parent;
  }

  protected get isRunning(): boolean {
    return true;
  }

  protected stop(reason: string): void {
    this.#facts?.cancel(reason);
  }

  /** The id of a part; undefined where it has one of its own. */
  protected partId(_as: number | string): string | undefined {
    return undefined;
  }

  start(part: Work, as: number | string, ended: (ending: Ending) => void): Started | undefined {
    if (this.#facts === undefined) return undefined;
    const { caller, order } = this.#facts;
    const heard = caller === undefined ? ended : caller.runInAsyncScope.bind(caller, ended, undefined);
    try {
      const options = partOptions(order, this.partId(as));
      return this.#host.start(part, { options, origin: this.#origin!, ended: heard });
    } catch (error) {
      ended({ state: "failed", error: toError(error) });
      return undefined;
    }
  }

  override end(state: Ending["state"], value: unknown): void {
    super.end(state, value);
    this.#facts = this.#origin = undefined;
  }
}

/* An id belongs to the whole, and so does the signal that ends its wait. */
function partOptions({ options }: Order, id: string | undefined): Order["options"] {
  if (options?.priority === undefined && options?.headers === undefined)
    return id === undefined ? undefined : { id };
  return { id, priority: options.priority, headers: options.headers };
}
