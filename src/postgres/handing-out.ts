/** Handing out what a transaction took: it counts as held from its commit on, and goes back where it comes too late. */
import type { Held, Holdings } from "../transport/holdings.js";
import type { Sink } from "../transport/transport.js";
import type { Claims } from "./claims.js";
import type { Database } from "./connection.js";
import type { Hints } from "./hints.js";
import type { Tables } from "./tables.js";

export interface HandingOutParts {
  readonly tables: Tables;
  readonly claims: Claims;
  readonly holdings: Holdings;
  readonly hints: Hints;
}

interface Ways {
  readonly database: Database;
  readonly sink: Sink;
}

export class HandingOut {
  readonly #parts: HandingOutParts;
  #returning: Promise<void> | undefined;

  constructor(parts: HandingOutParts) {
    this.#parts = parts;
  }

  hold(taken: readonly Held[]): readonly Held[] {
    for (const held of taken) this.#parts.holdings.add(held);
    return taken;
  }

  /** Late is what was on its way when the consuming stopped or the lease ran out. What was lost on its way did not count. */
  give({ database, sink }: Ways, taken: readonly Held[], isLate: boolean): void {
    const { holdings, claims } = this.#parts;
    const own = taken.filter(({ item }) => holdings.has(item));
    for (const { item } of taken) if (!holdings.has(item)) claims.credit(item.group, 1);
    if (!isLate) for (const { item } of own) void sink.deliver(item);
    else if (own.length > 0) this.#giveBack(database, own);
  }

  /** What was late has been given back. */
  async flush(): Promise<void> {
    await this.#returning;
  }

  #giveBack(database: Database, taken: readonly Held[]): void {
    const { holdings, claims, tables, hints } = this.#parts;
    holdings.drop(taken.map(({ item }) => item));
    for (const { item } of taken) claims.credit(item.group, 1);
    this.#returning = database
      .use((db) => tables.places.giveBack(db, taken, true))
      .then(
        () => hints.give(),
        () => undefined, // the good-bye gives it back, or the end of the lease
      );
  }
}
