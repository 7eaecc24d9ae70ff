/** Redaction: what logs, lists, JSON and the journal do not show. The original stays what a replay delivers. */

const HIDDEN = "[redacted]";

/** Makes a copy of an event's data in which the paths (`data.card`, `data.items.price`) are hidden. */
export class Redaction {
  readonly #paths: readonly (readonly string[])[];

  constructor(paths: readonly string[]) {
    this.#paths = paths.map((path) => path.replace(/^data\./, "").split("."));
  }

  get isEmpty(): boolean {
    return this.#paths.length === 0;
  }

  /** A copy that keeps the prototype, so that a redacted event is still of its class; the same where nothing is hidden. */
  shown<T extends object>(data: T): T {
    let shown = data;
    for (const path of this.#paths) shown = hidden(shown, path, 0) as T;
    return shown;
  }
}

function hidden(value: unknown, path: readonly string[], at: number): unknown {
  if (at === path.length) return HIDDEN;
  if (Array.isArray(value)) return value.map((item) => hidden(item, path, at));
  const key = path[at] as string;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return value;
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>;
  Object.assign(copy, value);
  copy[key] = hidden((value as Record<string, unknown>)[key], path, at + 1);
  return Object.freeze(copy);
}
