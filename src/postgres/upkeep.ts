/** Upkeep: what belonged to those who fell silent is given back, and what nobody needs any more goes. */
import type { Holdings } from "../transport/holdings.js";
import type { Item } from "../transport/transport.js";
import type { Attended } from "./attendance.js";
import type { Connection } from "./connection.js";
import type { Settings } from "./options.js";
import type { Tables } from "./tables.js";

/** What a round of upkeep found. */
export interface Kept {
  readonly attended: Attended;
  /** What is out here, and not ours any more. */
  readonly gone: readonly Item[];
  /** Whether there is more of what silent consumers had. */
  readonly isMore: boolean;
}

export interface UpkeepParts {
  readonly tables: Tables;
  readonly holdings: Holdings;
  readonly settings: Settings;
}

/** Rolls the upkeep back: an ordinary transaction joins again, and tells. */
export const LEASE_LOST: Error = new Error("The lease has run out.");

export async function keepUp(db: Connection, parts: UpkeepParts, now: number): Promise<Kept> {
  const { tables, holdings, settings } = parts;
  const attended = await tables.attendance.attend(db, now);
  if (attended.isLost) throw LEASE_LOST;
  const isMore = await tables.attendance.sweep(db);
  const { strays, gone } = holdings.compare(await tables.places.heldBy(db, attended.id), attended.id);
  if (strays.length > 0) await tables.places.giveBack(db, strays, false);
  await tables.envelopes.sweep(db);
  await tables.inbox.sweep(db);
  await tables.records.sweep(db);
  await tables.letters.sweep(db, settings.keepDeadLettersMs);
  return { attended, gone, isMore: isMore || strays.length > 0 };
}
