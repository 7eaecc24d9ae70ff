// What really happened, written down by those who did it: the server, and every subscriber after its work.
// The check at the end reads these stores and nothing else; it does not ask the bus.

export interface Row {
  readonly id: string;
  readonly note: string;
  readonly at: number; // milliseconds
}

export class Ledger {
  readonly #stores = new Map<string, Row[]>();

  /** Notes in the store of that name that the delivery with this id was worked on. */
  write(store: string, id: string, note: string): void {
    const rows = this.#stores.get(store) ?? [];
    this.#stores.set(store, rows);
    rows.push({ id, note, at: performance.now() });
  }

  rows(store: string): readonly Row[] {
    return this.#stores.get(store) ?? [];
  }

  ids(store: string): Set<string> {
    return new Set(this.rows(store).map((row) => row.id));
  }
}
