/** The desks of a bus: one for each transport whose store keeps records. */
import type { Carriage } from "./carriage.js";
import { Desk, type DeskParts } from "./desk.js";
import type { Shelf } from "./shelf.js";

export class Desks {
  readonly #parts: Omit<DeskParts, "store">;
  readonly #byName = new Map<string, Desk>();
  readonly #carriages: () => Iterable<Carriage>;

  constructor(parts: Omit<DeskParts, "store">, carriages: () => Iterable<Carriage>) {
    this.#parts = parts;
    this.#carriages = carriages;
  }

  /** Undefined where what the transport carries lives in the process. */
  of({ name, shelf }: Pick<Carriage, "name" | "shelf">): Desk | undefined {
    return shelf && (this.#byName.get(name) ?? this.#made(name, shelf));
  }

  /** All there may be. */
  all(): Desk[] {
    return Array.from(this.#carriages(), (each) => this.of(each)).filter((each) => each !== undefined);
  }

  /** What ends undone from now on is left to other processes. */
  hurry(): void {
    for (const desk of this.#byName.values()) desk.isClosing = true;
  }

  /** Resolves when stores have everything; nothing is heard of from elsewhere any more. */
  async close(): Promise<void> {
    for (const desk of this.#byName.values()) desk.close();
    await Promise.all(Array.from(this.#byName.values(), (desk) => desk.written()));
  }

  #made(name: string, { store }: Shelf): Desk {
    const desk = new Desk({ ...this.#parts, store });
    this.#byName.set(name, desk);
    return desk;
  }
}
