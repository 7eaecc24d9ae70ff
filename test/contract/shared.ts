/** Clients of stores that several processes share, under real time; each knows where the places of a run are. */
import path from "node:path";

import { postgres } from "signalbox/postgres";
import { sqlite } from "signalbox/sqlite";
import type { Place, TransportFactory } from "signalbox/testing/contract";

import { urlFor } from "../support/postgres-schemas.ts";

/* What the cases need: events that are kept for groups that come later, and leases that run out soon. */
export const SHARED_SQLITE = { keepEvents: "1h", lease: "1s", poll: "50ms" } as const;
export const SHARED_POSTGRES = { keepEvents: "1h", lease: "2s", poll: "200ms" } as const;

/** SQLite, in a folder. */
export function sharedIn(home: string): TransportFactory {
  return ({ id }) => sqlite({ path: path.join(home, `${id}.db`), ...SHARED_SQLITE });
}

/** PostgreSQL, with the schemas and the role of a run. */
export function sharedBy(run: string): TransportFactory {
  return (place) => postgres({ url: urlFor(run), schema: schemaOf(run, place), ...SHARED_POSTGRES });
}

/** The schema of a place. */
export function schemaOf(run: string, { id }: Pick<Place, "id">): string {
  return `${run}_${id.replaceAll("-", "_")}`.slice(0, 32);
}
