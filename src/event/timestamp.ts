/** Times on the wire, as RFC 3339 writes them: `2026-01-01T12:00:00.000Z`. */

const SHAPE =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/* The events of one turn have one time, and each is looked at more than once. */
let lastRead: readonly [text: string, milliseconds: number | undefined] = ["", undefined];
let lastWritten: readonly [milliseconds: number, text: string | undefined] = [Number.NaN, undefined];

/** Milliseconds since the epoch; `undefined` for what is no RFC 3339 date-time. */
export function fromTimestamp(text: string): number | undefined {
  if (lastRead[0] !== text) lastRead = [text, parsed(text)];
  return lastRead[1];
}

/** The text of a time; `undefined` where RFC 3339 has none: outside the years 0 to 9999. */
export function toTimestamp(milliseconds: number): string | undefined {
  if (lastWritten[0] !== milliseconds) lastWritten = [milliseconds, written(milliseconds)];
  return lastWritten[1];
}

function parsed(text: string): number | undefined {
  const parts = SHAPE.exec(text);
  if (parts === null) return undefined;
  const [year, month, day] = parts.slice(1, 4).map(Number) as [number, number, number];
  if (day < 1 || day > daysOf(year, month)) return undefined;
  // Date knows no leap second: it is the moment after the second 59.
  const leap = parts[6] === "60";
  const moment = Date.parse((leap ? text.replace(/:60/, ":59") : text).toUpperCase());
  return leap ? moment + 1_000 : moment;
}

function written(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9_999 ? date.toISOString() : undefined;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month >= 1 && month <= 12 ? 30 + ((month + (month >> 3)) % 2) : 0;
}
