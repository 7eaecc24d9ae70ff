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

/** A pool on the server, with a name that its connections are known by, and the role that they take on. */
export function poolOn(max: number, name: string = "signalbox-test", role?: string): pg.Pool {
  const as = role === undefined ? {} : { options: optionsFor(role) };
  const pool = new pg.Pool({ ...place, ...as, max, application_name: name, idleTimeoutMillis: 1_000 });
  pool.on("error", () => undefined); // tests end connections
  return pool;
}

const { host, port } = place;
const password = env["PGPASSWORD"] === undefined ? "" : `:${encodeURIComponent(env["PGPASSWORD"])}`;
const urlAt = (at: string): string => `postgres://${place.user}${password}@${at}/${place.database}`;

/** Where the server is, as `url` takes it. */
export const url: string = urlAt(`${host}:${port}`);
/** The same for `proxy`. */
export const target: readonly [port: number, host: string] = [port, host];

/** The server as a role, through a proxy on this machine where there is one. */
export function urlFor(role: string, between?: { readonly port: number }): string {
  const at = between === undefined ? url : urlAt(`127.0.0.1:${between.port}`);
  return `${at}?options=${encodeURIComponent(optionsFor(role))}`;
}

/** Makes a role that may make schemas, and nothing else; what is answered drops it, with all that it has. */
export async function plainRole(name: string): Promise<() => Promise<void>> {
  await alone(`CREATE ROLE "${name}"; GRANT CREATE ON DATABASE "${place.database}" TO "${name}"`);
  return () => alone(`DROP OWNED BY "${name}" CASCADE; DROP ROLE "${name}"`);
}

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
export function dropSchemas(...names: readonly string[]): Promise<void> {
  return onServer(async (client) => {
    for (const name of names) await client.query(`DROP SCHEMA IF EXISTS "${name}" CASCADE`);
  });
}

/* Two that change the rights of one database at once would fail. */
function alone(sql: string): Promise<void> {
  return onServer(async (client) => {
    await client.query("SELECT pg_advisory_lock(hashtext('signalbox tests'))");
    await client.query(sql);
  });
}

async function onServer(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(place);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function optionsFor(role: string): string {
  return `-c role=${role}`;
}
