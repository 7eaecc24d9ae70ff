/** What becomes of deliveries in the tables when they are settled. */
import { historyWith } from "../transport/envelope-rows.js";
import type { Held } from "../transport/holdings.js";
import type { Settlement } from "../transport/transport.js";
import type { Connection } from "./connection.js";
import type { Change } from "./places.js";
import type { Tables } from "./tables.js";

export interface Settling {
  readonly held: Held;
  readonly settlement: Settlement;
}

export type Settled = "settled" | "stale";

/** Answers "stale" for those that are somebody else's by now, or gone; nothing of them changes then. */
export async function writeSettlements(
  db: Connection,
  tables: Tables,
  all: readonly Settling[],
): Promise<readonly Settled[]> {
  const changed = await tables.places.change(db, all.map(changeOf));
  const isSettled = ({ held }: Settling): boolean => changed.has(`${held.envelope} ${held.groupId}`);
  const ended = all.filter((each) => isEnd(each) && isSettled(each));
  await mark(db, tables, ended);
  for (const { held, settlement } of ended)
    if (settlement.kind === "deadLetter") await tables.letters.add(db, held, settlement);
  await tables.envelopes.drop(
    db,
    ended.map(({ held }) => held.envelope),
  );
  return all.map((each) => (isSettled(each) ? "settled" : "stale"));
}

/** What is settled of one line is settled in order. */
export function linesOf({ held }: Settling): readonly string[] {
  return held.key === null ? [] : [`${held.groupId} ${held.key}`];
}

/** Whether it ends alone: nobody of its key comes after it, and nothing of it is kept. */
export function isPlainEnd({ held, settlement }: Settling): boolean {
  const isEnd = settlement.kind === "done" || settlement.kind === "drop";
  return isEnd && held.key === null && held.inboxMs === 0;
}

/** Whether others may take what this was about. */
export function leavesSomething({ held, settlement }: Settling): boolean {
  return held.key !== null || settlement.kind === "release" || settlement.kind === "retry";
}

/** The change that ends a delivery which nobody is to see. */
export function endOf(held: Held): Change {
  return changeOf({ held, settlement: { kind: "done" } });
}

function isEnd({ settlement }: Settling): boolean {
  return settlement.kind !== "release" && settlement.kind !== "retry";
}

function changeOf(each: Settling): Change {
  const { held, settlement } = each;
  const base = { hold: held, isEnd: isEnd(each), isFailure: false, afterMs: 0, history: null };
  if (settlement.kind !== "retry") return base;
  const { afterMs, attempt } = settlement;
  return { ...base, isFailure: true, afterMs, history: historyWith(held.item.history, attempt) };
}

async function mark(db: Connection, { inbox }: Tables, ended: readonly Settling[]): Promise<void> {
  const marked = ended.filter(({ held }) => held.inboxMs > 0 && held.eventId !== "");
  const isDone = ({ settlement }: Settling): boolean => settlement.kind === "done";
  await inbox.done(
    db,
    marked.filter(isDone).map(({ held }) => held),
  );
  await inbox.free(
    db,
    marked.filter((each) => !isDone(each)).map(({ held }) => held),
  );
}
