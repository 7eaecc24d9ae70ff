/** The door of PostgreSQL: a durable transport on a server, for any number of processes, on the package `pg`. */
import { checkValue, integerFrom, refuse } from "../runtime/options.js";
import { checkedSchema, type PostgresOptions } from "./options.js";
import { SCHEMA_VERSION, sqlOf } from "./schema.js";
import { PostgresTransport } from "./transport.js";

export type { PooledClient, PostgresClient, PostgresPool, PostgresQuery } from "./client.js";
export type { PostgresOptions } from "./options.js";
export type { PostgresTransport } from "./transport.js";

/**
 * A transport that keeps events on a PostgreSQL server, from version 13 on, until they are handled, for any number of
 * processes. A `TypeError` lists wrong options; `start()` fails where the server is not as durable as declared, or its
 * tables are newer.
 */
export function postgres(options: PostgresOptions = {}): PostgresTransport {
  return new PostgresTransport(options);
}

export interface PlanOptions {
  /** As in `postgres()`. Defaults to `"signalbox"`. */
  schema?: string | undefined;
  /** The version that the tables have; 0 where there are none. Defaults to 0. */
  after?: number | undefined;
}

/**
 * The SQL that `start()` would run, for whoever migrates by hand, within a transaction; empty where there is nothing to do.
 */
export function plan(options: PlanOptions = {}): string {
  const { after = 0 } = options;
  const schema = checkedSchema({ schema: options.schema });
  refuse(checkValue("plan.after", after, integerFrom(0, SCHEMA_VERSION)));
  return sqlOf(schema, after)
    .map((sql) => `${sql};\n`)
    .join("");
}
