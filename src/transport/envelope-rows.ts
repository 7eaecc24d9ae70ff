/** Between envelopes and rows: headers are JSON, the body is its bytes. */
import { toError } from "../errors.js";
import type { AttemptRecord, Item, WireEnvelope } from "./transport.js";

/** A row as a driver answers it. */
export type Row = Readonly<Record<string, unknown>>;
export type Value = string | number | null | Uint8Array;

/** The columns of an envelope, wherever one is kept, in the order of `valuesOf`. */
export const ENVELOPE = "id, name, key, priority, due_at, expires_at, headers, body";

export function valuesOf(envelope: WireEnvelope): readonly Value[] {
  const { id, name, key = null, priority, dueAt = null, expiresAt = null, headers, body } = envelope;
  return [id, name, key, priority, dueAt, expiresAt, JSON.stringify(headers), bytesOf(body)];
}

/* A column may hold anything after an accident. */
function textOf(body: unknown): string {
  return typeof body === "string" || typeof body === "number" ? String(body) : "";
}

/** The envelope of a row; where it cannot be read, what there is of its body, and why. */
export function envelopeOf(row: Row): Item["envelope"] {
  try {
    return decoded(row);
  } catch (error) {
    const body = row["body"];
    const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(textOf(body));
    return { undecodable: bytes, error: toError(error) };
  }
}

function decoded({ id, name, key, priority, due_at, expires_at, headers, body }: Row): WireEnvelope {
  if (typeof id !== "string" || typeof name !== "string") throw new TypeError("Its envelope is gone.");
  const parsed: unknown = JSON.parse(headers as string);
  if (typeof parsed !== "object" || parsed === null) throw new TypeError("Its headers are not an object.");
  return {
    id,
    name,
    key: (key as string | null) ?? undefined,
    priority: priority as number,
    dueAt: (due_at as number | null) ?? undefined,
    expiresAt: (expires_at as number | null) ?? undefined,
    headers: Object.assign(Object.create(null) as Record<string, string>, parsed),
    body: bytesOf(body ?? undefined),
  };
}

/* Of a delivery that fails for ever the first and the last failures are kept. */
const FIRST_KEPT = 10;
const LAST_KEPT = 40;

/** The history of a delivery with one failure more. */
export function historyWith(history: readonly AttemptRecord[], attempt?: AttemptRecord): string {
  const all = attempt === undefined ? history : [...history, attempt];
  const kept =
    all.length > FIRST_KEPT + LAST_KEPT ? [...all.slice(0, FIRST_KEPT), ...all.slice(-LAST_KEPT)] : all;
  return JSON.stringify(kept);
}

/** Nothing where it cannot be read: a delivery does not fail for its past. */
export function historyOf(text: unknown): readonly AttemptRecord[] {
  try {
    return JSON.parse(text as string) as readonly AttemptRecord[];
  } catch {
    return [];
  }
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw new TypeError("Its body is not bytes.");
}
