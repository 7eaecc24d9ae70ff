/** What becomes of a delivery in the tables when it is settled. */
import type { Settlement } from "../transport/transport.js";
import type { Connection } from "./connection.js";
import { historyWith } from "../transport/envelope-rows.js";
import type { Held } from "../transport/holdings.js";
import type { Tables } from "./tables.js";

/** Answers "stale" where the delivery is somebody else's by now, or gone; nothing changes then. */
export function writeSettlement(
  db: Connection,
  tables: Tables,
  held: Held,
  { settlement, now }: { settlement: Settlement; now: number },
): "settled" | "stale" {
  const { places } = tables;
  if (settlement.kind === "release") return answer(places.giveBack(db, held));
  if (settlement.kind === "retry") {
    const { afterMs, attempt } = settlement;
    const history = historyWith(held.item.history, attempt);
    return answer(places.retry(db, held, { history, dueAt: afterMs > 0 ? now + afterMs : null }));
  }
  if (!places.end(db, held)) return "stale";
  if (held.inboxMs > 0) mark(db, tables, held, { isDone: settlement.kind === "done", now });
  if (settlement.kind === "deadLetter") tables.letters.add(db, held.item, settlement, now);
  return "settled";
}

function mark(db: Connection, { inbox }: Tables, held: Held, how: { isDone: boolean; now: number }): void {
  if (how.isDone) inbox.done(db, held, held.eventId, how.now + held.inboxMs);
  else inbox.free(db, held, held.eventId);
}

function answer(isSettled: boolean): "settled" | "stale" {
  return isSettled ? "settled" : "stale";
}
