/** Whether the server is set up for what is declared. */
import { StoreError } from "../transport/store-errors.js";
import type { Connection } from "./connection.js";
import type { Settings } from "./options.js";

const VERSION_MIN = 130_000;
/* What a power loss asks of the server: the setting, what it must not be, and how to change it. */
const POWER: readonly (readonly [name: string, advice: string])[] = [
  ["fsync", "Set `fsync = on` on the server"],
  ["full_page_writes", "Set `full_page_writes = on` on the server"],
  ["synchronous_commit", "Set `synchronous_commit = on` for the database or the role"],
];

/** Throws a `StoreError` that names the first setting which is less than what is declared. */
export async function checkServer(db: Connection, { survives }: Settings): Promise<void> {
  const row = (await db.row(
    `SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS is_replica,
      current_setting('default_transaction_read_only') AS read_only, current_setting('fsync') AS fsync,
      current_setting('full_page_writes') AS full_page_writes, current_setting('synchronous_commit') AS synchronous_commit`,
  ))!;
  if ((row["version"] as number) < VERSION_MIN)
    throw settings(`the server has version ${String(row["version"])}`, "Take PostgreSQL 13 or later");
  if (row["is_replica"] === true) throw readonly("the server is a replica", "Connect to the primary");
  if (row["read_only"] === "on")
    throw readonly("`default_transaction_read_only` is on", "Set it to off for the database or the role");
  if (survives === "process") return;
  for (const [name, advice] of POWER)
    if (row[name] === "off") throw settings(`${name} is off, which does not survive a power loss`, advice);
}

function settings(problem: string, advice: string): StoreError {
  return new StoreError("postgres", "settings", `${problem}. ${advice}, before start().`);
}

function readonly(problem: string, advice: string): StoreError {
  return new StoreError("postgres", "readonly", `${problem}. ${advice}, before start().`);
}
