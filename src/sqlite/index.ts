/** The door of SQLite: a durable transport in a file, on Node's own `node:sqlite`. */
import { integerFrom, checkValue, refuse } from "../runtime/options.js";
import { checkedPrefix, type SqliteOptions } from "./options.js";
import { SCHEMA_VERSION, sqlOf } from "./schema.js";
import { SqliteTransport } from "./transport.js";

export type { SqliteOptions } from "./options.js";
export type { SqliteTransport } from "./transport.js";

/**
 * A transport that keeps events in a SQLite database until they are handled, for one or more processes of one machine. A
 * `TypeError` lists wrong options; `start()` fails where the database is not as durable as declared, or is newer.
 */
export function sqlite(options: SqliteOptions): SqliteTransport {
  return new SqliteTransport(options);
}

export interface PlanOptions {
  /** As in `sqlite()`. Defaults to `"signalbox_"`. */
  prefix?: string | undefined;
  /** The version that the tables have; 0 where there are none. Defaults to 0. */
  after?: number | undefined;
}

/**
 * The SQL that `start()` would run, for whoever migrates by hand, within a transaction; empty where there is nothing to do.
 */
export function plan(options: PlanOptions = {}): string {
  const { after = 0 } = options;
  const prefix = checkedPrefix({ prefix: options.prefix });
  refuse(checkValue("plan.after", after, integerFrom(0, SCHEMA_VERSION)));
  return sqlOf(prefix, after)
    .map((sql) => `${sql};\n`)
    .join("");
}
