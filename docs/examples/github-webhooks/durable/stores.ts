// Where the events may be kept, by the name that stands behind --transport.
import path from "node:path";
import pg from "pg";
import type { Store, Transport } from "signalbox";
import { postgres } from "signalbox/postgres";
import { sqlite } from "signalbox/sqlite";

export interface Kept extends Transport {
  readonly store: Store;
}

export interface Place {
  /** The same store for the same folder, whichever life asks. */
  open(folder: string): Kept;
  /** Takes away what does not go with the folder. */
  clear(folder: string): Promise<void>;
}

/** After this long, and half as long again until somebody looks, what a killed process had is given to the next. */
export const LEASE = 2_000; // milliseconds

export const stores: Readonly<Record<string, Place>> = {
  sqlite: {
    open: (folder) => sqlite({ path: path.join(folder, "webhooks.db"), lease: LEASE }),
    clear: async () => {},
  },
  // On the server that the variables PGHOST, PGUSER, PGDATABASE … name.
  postgres: {
    open: (folder) => postgres({ schema: schemaOf(folder), lease: LEASE }),
    clear: async (folder) => {
      const client = new pg.Client();
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS ${schemaOf(folder)} CASCADE`);
      await client.end();
    },
  },
};

function schemaOf(folder: string): string {
  return path
    .basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "_");
}
