/** Durations as people write them, read once, where an option or an argument comes in. */
import ms from "ms";

import { show } from "./show.js";

/** Milliseconds, or "250ms", "10s", "5m", "2h", "7d". */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** How every message describes a duration. */
export const DURATION_EXPECTED = `a duration such as 250 (ms), "10s" or "5m"`;

/** The milliseconds of a duration; `path` names the option in the `TypeError` that anything else gets. */
export function toMs(duration: Duration, path: string): number {
  const milliseconds = read(duration);
  if (milliseconds === undefined) {
    throw new TypeError(`Expected \`${path}\` to be ${DURATION_EXPECTED}, got ${show(duration)}.`);
  }
  return milliseconds;
}

/** Whether `toMs` takes the value: finite, not negative, and with one of the five units if it is a text. */
export function isDuration(value: unknown): value is Duration {
  return read(value) !== undefined;
}

function read(value: unknown): number | undefined {
  const milliseconds = typeof value === "string" ? readText(value) : value;
  // Past the safe integers adding a duration to a moment no longer gives a later moment.
  const counts =
    typeof milliseconds === "number" && milliseconds >= 0 && milliseconds <= Number.MAX_SAFE_INTEGER;
  return counts ? milliseconds : undefined;
}

// `ms` alone would also take "1 week", "-5s" and a bare "100", and throws on long texts.
function readText(text: string): number | undefined {
  return /^\d{1,16}(\.\d{1,16})?(ms|s|m|h|d)$/.test(text) ? ms(text) : undefined;
}
