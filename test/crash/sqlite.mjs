/** SQLite as the harness sees it: a file, and no server to kill. */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A store in the folder. */
export async function sqliteStore(folder) {
  const file = path.join(folder, "events.db");
  const values = (sql) => valuesOf(file, sql);
  return {
    orders: { file },
    victims: ["publisher", "consumer"],
    heldBy: (names) =>
      values(
        `SELECT e.id AS value FROM signalbox_deliveries JOIN signalbox_envelopes e ON seq = envelope
          WHERE owner IN (SELECT consumer FROM signalbox_groups WHERE name IN (${names.map((name) => `'${name}'`)}))`,
      ),
    waiting: () => values("SELECT count(*) AS value FROM signalbox_deliveries")[0],
    close: () => undefined,
  };
}

function valuesOf(file, sql) {
  const database = new DatabaseSync(file);
  try {
    return database
      .prepare(sql)
      .all()
      .map(({ value }) => value);
  } finally {
    database.close();
  }
}
