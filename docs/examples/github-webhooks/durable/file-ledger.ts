// The ledger of an application that may be killed: each row is in the file before the work counts as done. One file per
// life, so that a row that was cut off by the kill is the last of its file.
import { openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import { Ledger, type Row } from "../ledger.js";

const ENDING = ".ledger";

export class FileLedger extends Ledger {
  readonly #file: number;

  constructor(folder: string, life: number) {
    super(life);
    this.#file = openSync(path.join(folder, `${life}${ENDING}`), "a");
  }

  override add(store: string, row: Row): void {
    writeSync(this.#file, `${JSON.stringify([store, row])}\n`);
  }
}

/** What all lives have written, in their order. */
export function readLedgers(folder: string): Ledger {
  const ledger = new Ledger();
  const files = readdirSync(folder).filter((file) => file.endsWith(ENDING));
  for (const file of files.toSorted()) {
    const lines = readFileSync(path.join(folder, file), "utf8").split("\n");
    for (const line of lines.slice(0, -1)) ledger.add(...(JSON.parse(line) as [store: string, row: Row]));
  }
  return ledger;
}
