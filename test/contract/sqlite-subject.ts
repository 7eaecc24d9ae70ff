/** SQLite as a subject of the contract: databases in a folder of this run, and what can be done to them. */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

import { sqlite } from "signalbox/sqlite";
import type {
  ContractFeatures,
  Heal,
  Hooks,
  Lent,
  OpenTransaction,
  Place,
  TransportFactory,
} from "signalbox/testing/contract";

import { folder } from "./folder.ts";
import { forked } from "./forked.ts";
import { SHARED_SQLITE, sharedIn } from "./shared.ts";

/* What the cases need: events that are kept for groups that come later. */
const OPTIONS = { keepEvents: "1h" } as const;

function fileOf({ id }: Pick<Place, "id">): string {
  return path.join(folder(), `${id}.db`);
}

/* On a connection of its own, as an application has one. */
function begin(place: Place): OpenTransaction {
  const transaction = new DatabaseSync(fileOf(place));
  transaction.exec("BEGIN IMMEDIATE");
  const end = (how: string) => (): void => {
    transaction.exec(how);
    transaction.close();
  };
  return { transaction, commit: end("COMMIT"), rollBack: end("ROLLBACK") };
}

function execute(place: Place, sql: string): void {
  const database = new DatabaseSync(fileOf(place), { timeout: 5_000 });
  database.exec(sql);
  database.close();
}

function refused(what: string): (place: Place) => Heal {
  return (place) => {
    execute(place, `CREATE TRIGGER refused BEFORE ${what} BEGIN SELECT RAISE(ABORT, 'planted'); END`);
    return () => execute(place, "DROP TRIGGER refused");
  };
}

function lend(place: Place): Lent {
  const database = new DatabaseSync(fileOf(place));
  database.exec("PRAGMA journal_mode = wal; PRAGMA synchronous = full");
  return {
    transport: sqlite({ database, ...OPTIONS }).runOn(place.runtime.host),
    isOpen: () => database.isOpen,
    close: () => database.close(),
  };
}

const hooks: Hooks = {
  begin,
  writesInTurn: true,
  refuse: {
    send: refused("INSERT ON signalbox_envelopes"),
    extension: refused("UPDATE OF lease_until ON signalbox_consumers"),
    settlement: refused("DELETE ON signalbox_deliveries"),
    deadLetter: refused("INSERT ON signalbox_letters"),
  },
  corrupt: (place, id) => execute(place, `UPDATE signalbox_envelopes SET headers = '{' WHERE id = '${id}'`),
  lend,
};

/** Under virtual time. */
export const create: TransportFactory = (place) =>
  sqlite({ path: fileOf(place), ...OPTIONS }).runOn(place.runtime.host);
export const features: ContractFeatures = {
  ...sqlite({ path: "-", ...OPTIONS }).features,
  time: "virtual",
  flood: 20_000,
  guardMs: 60_000, // each turn of the event loop waits for the disk
  ...hooks,
};

/** With processes that are killed, on the databases of this folder. */
export function killedIn(home: string): readonly [TransportFactory, ContractFeatures] {
  const { features } = sqlite({ path: "-", ...SHARED_SQLITE });
  return [sharedIn(home), { ...features, guardMs: 30_000, fork: () => forked("sqlite", home) }];
}
