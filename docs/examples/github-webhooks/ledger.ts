// What really happened, written down by those who did it: the server, and every subscriber after its work.
// The check at the end reads these stores and nothing else; it does not ask the bus.

export interface Row {
  readonly id: string;
  readonly note: string;
  readonly at: number; // milliseconds
  readonly life: number; // 1 up: which process wrote it, where one was killed and another went on
}

export class Ledger {
  readonly life: number;
  readonly #stores = new Map<string, Row[]>();

  constructor(life = 1) {
    this.life = life;
  }

  /** Notes in the store of that name that the delivery with this id was worked on. */
  write(store: string, id: string, note: string): void {
    this.add(store, { id, note, at: performance.timeOrigin + performance.now(), life: this.life });
  }

  add(store: string, row: Row): void {
    const rows = this.#stores.get(store) ?? [];
    this.#stores.set(store, rows);
    rows.push(row);
  }

  rows(store: string): readonly Row[] {
    return this.#stores.get(store) ?? [];
  }

  ids(store: string): Set<string> {
    return new Set(this.rows(store).map((row) => row.id));
  }
}
