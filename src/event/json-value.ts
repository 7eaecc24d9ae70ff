/** Turns a value into what JSON makes of it, or says where it would not survive: never recursive, whatever its depth. */
import { EnvelopeError, toError } from "../errors.js";
import { show } from "../runtime/options.js";

/** How deep data may be nested, on the way out and on the way in. */
export const DEPTH_MAX = 200;

/** A container whose content is still to be copied. */
interface Place {
  readonly source: object;
  readonly copy: unknown[] | Record<string, unknown>;
  readonly key: string | number;
  readonly above: Place | undefined;
  readonly depth: number;
  /** The key that is being read, for the path of an error. */
  reads: string | number;
}

// As own keys they become prototypes in careless hands, ours or those of whoever reads the wire after us.
const RESERVED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** A copy of plain objects, arrays, texts, finite numbers, booleans and null; an `EnvelopeError` with the path of anything else. */
export function jsonValue(value: unknown, name: string): unknown {
  const holder: Record<string, unknown> = {};
  const waiting: Place[] = [
    { source: { [name]: value }, copy: holder, key: "", above: undefined, depth: 0, reads: name },
  ];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) fill(place, waiting);
  return holder[name];
}

function fill(place: Place, waiting: Place[]): void {
  try {
    if (Array.isArray(place.copy)) fillArray(place, place.copy, waiting);
    else fillObject(place, place.copy, waiting);
  } catch (error) {
    if (error instanceof EnvelopeError) throw error;
    throw fault(place, "reading it failed", "See the cause.", { cause: toError(error) });
  }
}

function fillArray(place: Place, copy: unknown[], waiting: Place[]): void {
  const source = place.source as readonly unknown[];
  for (let index = 0; index < source.length; index++) {
    place.reads = index;
    copy.push(copied(source[index], place, waiting));
  }
}

function fillObject(place: Place, copy: Record<string, unknown>, waiting: Place[]): void {
  const source = place.source as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(source)) {
    place.reads = name;
    if (RESERVED.has(name)) throw fault(place, "the key is not allowed in data", "Rename or remove it.");
    const value = source[name];
    if (value !== undefined) copy[name] = copied(value, place, waiting);
  }
}

function copied(given: unknown, above: Place, waiting: Place[]): unknown {
  const value = withoutToJson(given, above);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const copy = emptyCopy(value);
  if (typeof value !== "object" || copy === undefined) throw lost(value, above);
  refuseEndless(value, above);
  waiting.push({ source: value, copy, key: above.reads, above, depth: above.depth + 1, reads: "" });
  return copy;
}

// Two have a toJSON whose result nobody reads back: Buffer, and a date that is none.
function withoutToJson(value: unknown, above: Place): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value) || (value instanceof Date && Number.isNaN(value.getTime()))) {
    throw lost(value, above);
  }
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === "function" ? (toJSON.call(value, String(above.reads)) as unknown) : value;
}

/** Nothing for what JSON makes `{}` of: maps, sets, errors, promises, regular expressions, buffers. */
function emptyCopy(value: unknown): unknown[] | Record<string, unknown> | undefined {
  if (Array.isArray(value)) return [];
  return Object.prototype.toString.call(value) === "[object Object]" ? {} : undefined;
}

function refuseEndless(value: object, above: Place): void {
  if (above.depth >= DEPTH_MAX) throw fault(above, `nested more than ${DEPTH_MAX} deep`, "Make it flatter.");
  for (let at: Place | undefined = above; at !== undefined; at = at.above) {
    if (at.source === value) throw fault(above, "it contains itself", "Name the other one by its id.");
  }
}

function lost(value: unknown, above: Place): EnvelopeError {
  const does = "Make it text, a finite number, a boolean, null, a plain object or an array.";
  return fault(above, `${show(value)} does not survive JSON`, does);
}

function fault(place: Place, problem: string, advice: string, options?: ErrorOptions): EnvelopeError {
  return new EnvelopeError(pathOf(place), problem, advice, options);
}

function pathOf(place: Place): string {
  const keys: (string | number)[] = [place.reads];
  for (let at: Place = place; at.above !== undefined; at = at.above) keys.push(at.key);
  const path = keys.reverse().map(stepOf).join("");
  return path.length > 300 ? `${path.slice(0, 150)}…${path.slice(-100)}` : path;
}

function stepOf(key: string | number, position: number): string {
  if (position === 0) return String(key);
  if (typeof key === "string" && /^[\w$-]+$/.test(key)) return `.${key}`;
  return `[${JSON.stringify(key)}]`;
}
