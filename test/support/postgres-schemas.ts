/** A PostgreSQL server for tests: where the `PG…` variables say, or on this machine; schemas of their own, dropped at the end. */
import pg from "pg";

const { env } = process;
const place = {
  host: env["PGHOST"] ?? "127.0.0.1",
  port: Number(env["PGPORT"] ?? 5432),
  user: env["PGUSER"] ?? "postgres",
  database: env["PGDATABASE"] ?? "postgres",
  ...(env["PGPASSWORD"] === undefined ? {} : { password: env["PGPASSWORD"] }),
};

/** The same for a process of its own. */
export const variables: Readonly<Record<string, string>> = {
  PGHOST: place.host,
  PGPORT: String(place.port),
  PGUSER: place.user,
  PGDATABASE: place.database,
};

/** A pool on the server, with a name that its connections are known by. */
export function poolOn(max: number, name: string = "signalbox-test"): pg.Pool {
  const pool = new pg.Pool({ ...place, max, application_name: name });
  pool.on("error", () => undefined); // tests end connections
  return pool;
}

/** Where the server is, as `url` takes it. */
export const url: string = `postgres://${place.user}${env["PGPASSWORD"] === undefined ? "" : `:${encodeURIComponent(env["PGPASSWORD"])}`}@${place.host}:${place.port}/${place.database}`;

/** Why there is no server to test with; undefined where there is one. */
export async function missing(): Promise<string | undefined> {
  const client = new pg.Client({ ...place, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    const says = error instanceof AggregateError ? String(error.errors[0]) : String(error);
    return `There is no PostgreSQL server at ${place.host}:${place.port} (${says}).`;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Drops schemas, with all that is in them. */
export async function dropSchemas(...names: readonly string[]): Promise<void> {
  const client = new pg.Client(place);
  await client.connect();
  for (const name of names) await client.query(`DROP SCHEMA IF EXISTS "${name}" CASCADE`);
  await client.end();
}
