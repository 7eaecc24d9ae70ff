/** Redaction: what logs, lists, JSON and the journal do not show. The original stays what a replay delivers. */

const HIDDEN = "[redacted]";
const NESTED_MAX = 200;

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

/* What throws when it is looked at is hidden as a whole: a list must not fail for the sake of one value. */
function hidden(value: unknown, path: readonly string[], at: number, nested = 0): unknown {
  try {
    return hiddenInside(value, path, at, nested);
  } catch {
    return HIDDEN;
  }
}

/* Arrays in arrays are passed through; so many that they would fill the stack are hidden as a whole. */
function hiddenInside(value: unknown, path: readonly string[], at: number, nested: number): unknown {
  if (at === path.length || nested > NESTED_MAX) return HIDDEN;
  if (Array.isArray(value)) return hiddenIn(value, path, at, nested);
  const key = path[at] as string;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return value;
  const inner = (value as Record<string, unknown>)[key];
  const shown = hidden(inner, path, at + 1);
  if (shown === inner) return value;
  // Spread, since assigning an own `__proto__` would give the copy another prototype.
  const copy: object = Object.setPrototypeOf({ ...value, [key]: shown }, Object.getPrototypeOf(value));
  return Object.freeze(copy);
}

function hiddenIn(
  items: readonly unknown[],
  path: readonly string[],
  at: number,
  nested: number,
): readonly unknown[] {
  const shown = items.map((item) => hidden(item, path, at, nested + 1));
  return shown.every((item, index) => item === items[index]) ? items : Object.freeze(shown);
}
