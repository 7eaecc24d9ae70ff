// Where the events may be kept, by the name that stands behind --transport.
import path from "node:path";
import type { Store, Transport } from "signalbox";
import { sqlite } from "signalbox/sqlite";

export interface Kept extends Transport {
  readonly store: Store;
}

/** After this long, and half as long again until somebody looks, what a killed process had is given to the next. */
export const LEASE = 2_000; // milliseconds

/** Each opens the same store for the same folder, whichever life asks. */
export const stores: Readonly<Record<string, (folder: string) => Kept>> = {
  sqlite: (folder) => sqlite({ path: path.join(folder, "webhooks.db"), lease: LEASE }),
};
