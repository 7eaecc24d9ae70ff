/** What goes wrong with a store, whichever it is. */
import { nameErrors, SignalboxError } from "../errors/base.js";

/** What keeps a store from doing its work. */
export type StoreProblem = "busy" | "readonly" | "corrupt" | "full" | "broken" | "settings";

/** A store did not do what it was asked: it is full, read-only, busy, corrupt, or set up for less than is declared. */
export class StoreError extends SignalboxError {
  readonly transport: string;
  readonly problem: StoreProblem;
  constructor(transport: string, problem: StoreProblem, says: string, options?: ErrorOptions) {
    super("SIGNALBOX_STORE", `The store of transport ${transport}: ${says}`, options);
    this.transport = transport;
    this.problem = problem;
  }
}

/** The tables of a store were made by a newer version of Signalbox. */
export class NewerSchemaError extends SignalboxError {
  readonly found: number;
  readonly known: number;
  constructor(table: string, found: number, known: number) {
    const says = `The tables beside ${table} have version ${found}, this program knows ${known}.`;
    super("SIGNALBOX_NEWER_SCHEMA", `${says} Deploy the newer version of Signalbox here.`);
    this.found = found;
    this.known = known;
  }
}

nameErrors({ StoreError, NewerSchemaError });
