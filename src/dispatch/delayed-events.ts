/** What was published with `delay`, as applications see it: one list over this process and every store. */
import { type Duration, toMs } from "../runtime/duration.js";
import type { WireEnvelope } from "../transport/transport.js";
import type { Facilities } from "./facilities.js";
import type { Delayed, Later } from "./later.js";
import { pagesOf } from "./pages.js";
import type { OpenStores, StoredPort } from "./stored-port.js";

/**
 * What was published with `delay` and is not due yet: in this process, or in a store, whoever published it. A store has to be
 * open: before `start()` and after `close()` such calls reject.
 */
export interface DelayedEvents {
  /** How many wait in this process. What a store keeps until it is due is not among them. */
  readonly size: number;
  /** The next to be due first. */
  list(): Promise<readonly Delayed[]>;
  /** Takes them back by the id of their receipt; false where none is left: it was due, or is no id of one. */
  cancel(id: string): Promise<boolean>;
  /** Due after a span from now, or at a moment; false where none is left. */
  move(id: string, to: Duration | Date): Promise<boolean>;
}

export class AllDelayed implements DelayedEvents {
  readonly #facilities: Facilities;
  readonly #later: Later;
  readonly #openStores: OpenStores;

  constructor(facilities: Facilities, later: Later, openStores: OpenStores) {
    this.#facilities = facilities;
    this.#later = later;
    this.#openStores = openStores;
  }

  get size(): number {
    return this.#later.size;
  }

  async list(): Promise<readonly Delayed[]> {
    const stored = await Promise.all(this.#openStores("delayed.list()").map((at) => listed(at)));
    const all = [...this.#later.list(), ...stored.flat()];
    return all.toSorted((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
  }

  async cancel(id: string): Promise<boolean> {
    const stores = this.#openStores("delayed.cancel()");
    return anyOf([this.#later.cancel(id), ...stores.map(({ store }) => store.reschedule(id, undefined))]);
  }

  async move(id: string, to: Duration | Date): Promise<boolean> {
    const stores = this.#openStores("delayed.move()");
    const dueAt = to instanceof Date ? to.getTime() : this.#facilities.runtime.host.now() + toMs(to, "to");
    if (Number.isNaN(dueAt))
      throw new TypeError("Expected `to` to be a duration or a Date, got an invalid Date.");
    return anyOf([this.#later.move(id, dueAt), ...stores.map(({ store }) => store.reschedule(id, dueAt))]);
  }
}

async function listed({ store }: StoredPort): Promise<readonly Delayed[]> {
  const all: Delayed[] = [];
  const pages = pagesOf<WireEnvelope>(
    (after, limit) => store.due(after, limit),
    ({ id }) => id,
  );
  for await (const { id, name, dueAt } of pages)
    if (dueAt !== undefined) all.push(Object.freeze({ id, event: name, dueAt: new Date(dueAt) }));
  return all;
}

async function anyOf(answers: readonly (boolean | Promise<boolean>)[]): Promise<boolean> {
  return (await Promise.all(answers.map(async (each) => each))).includes(true);
}
