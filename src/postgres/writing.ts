/** A round in a transaction: it is there as a consumer, writes settlements of any kind, and takes. */
import type { Held } from "../transport/holdings.js";
import type { Group } from "../transport/transport.js";
import { type Attended, ownerOf } from "./attendance.js";
import type { Claims } from "./claims.js";
import type { Connection } from "./connection.js";
import { type Settled, type Settling, writeSettlements } from "./settling.js";
import type { Tables } from "./tables.js";

/** A settlement, or nothing but to be there as a consumer. */
export type Job = Settling | "attend";

/** What a transaction did. */
export interface Round {
  readonly answers: readonly Settled[];
  readonly attended: Attended;
  readonly moved: readonly (readonly [Group, number])[];
  readonly helds: () => readonly Held[];
}

interface Parts {
  readonly tables: Tables;
  readonly claims: Claims;
}

interface Asked {
  readonly jobs: readonly Job[];
  readonly now: number;
  readonly isStopped: boolean;
}

export async function writeRound(
  db: Connection,
  { tables, claims }: Parts,
  { jobs, now, isStopped }: Asked,
): Promise<Round> {
  const attended = await tables.attendance.attend(db, now);
  const moved = attended.isLost ? await declareAgain(db, { tables, claims }, attended.id) : [];
  const settlings = jobs.filter((job) => job !== "attend");
  const settled = settlings.length > 0 ? await writeSettlements(db, tables, settlings) : [];
  if (jobs.length > 0) claims.wake();
  const taken = isStopped || attended.isLost ? [] : await claims.take(db, attended.id, jobs.length > 0);
  const bySettling = new Map(settlings.map((settling, at) => [settling, settled[at]!]));
  const answers = jobs.map((job) => (job === "attend" ? "settled" : bySettling.get(job)!));
  return { answers, attended, moved, helds: () => claims.taken(taken) };
}

/* A consumer that was given up is a new one: in all groups that are declared here, those of its own made again. */
async function declareAgain(
  db: Connection,
  { tables, claims }: Parts,
  consumer: number,
): Promise<(readonly [Group, number])[]> {
  const moved: (readonly [Group, number])[] = [];
  for (const { group } of claims.accounts) {
    const { id } = await tables.groups.declare(db, group, { consumer, owner: ownerOf(group, consumer) });
    moved.push([group, id]);
  }
  return moved;
}
