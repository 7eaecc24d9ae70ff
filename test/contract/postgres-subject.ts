/** PostgreSQL as a subject of the contract: a schema for each case, and what can be done to it, its server and its link. */
import { setTimeout as pass } from "node:timers/promises";

import type pg from "pg";
import { postgres } from "signalbox/postgres";
import type {
  ContractFeatures,
  Heal,
  Hooks,
  Kill,
  Lent,
  Link,
  OpenTransaction,
  Place,
  TransportFactory,
} from "signalbox/testing/contract";

import { dropSchemas, plainRole, poolOn, target, urlFor } from "../support/postgres-schemas.ts";
import { postgresServer, type PostgresServer, whyNoPostgres } from "../support/postgres-server.ts";
import { type Proxy, proxy } from "../support/proxy.ts";
import { forked } from "./forked.ts";
import { schemaOf, SHARED_POSTGRES as OPTIONS } from "./shared.ts";

/* Of all that this process makes on the server, its role included, which owns the schemas and is no superuser. */
const RUN = `t${process.pid}`;
const NAME = "signalbox-contract";
const CONNECTIONS = 40;

/** What this process has on the server. */
interface Stay {
  /** Of the application, which lends it. */
  readonly pool: pg.Pool;
  /** Of an operator, who may do anything. */
  readonly operator: pg.Pool;
  readonly dropRole: () => Promise<void>;
}

let stay: Promise<Stay> | undefined;
const schemas = new Set<string>();
const proxies = new Map<string, Proxy>();
const servers = new Map<string, PostgresServer>();

async function begun(): Promise<Stay> {
  const dropRole = await plainRole(RUN);
  return { pool: poolOn(CONNECTIONS, NAME, RUN), operator: poolOn(2, NAME), dropRole };
}

function onServer(): Promise<Stay> {
  return (stay ??= begun());
}

function schemaFor(place: Pick<Place, "id">): string {
  const schema = schemaOf(RUN, place);
  schemas.add(schema);
  return schema;
}

async function execute(sql: string, ...values: readonly unknown[]): Promise<number> {
  const { operator } = await onServer();
  const { rowCount } = await operator.query(sql, [...values]);
  return rowCount ?? 0;
}

/** Under real time: on the pool that is lent, through the proxy of the place, or on the server of the place. */
export const create: TransportFactory = async (place) => {
  const [between, server] = [proxies.get(place.id), servers.get(place.id)];
  const { pool } = await onServer();
  const own = server?.url ?? (between && urlFor(RUN, between));
  const at = own === undefined ? { pool } : { url: own };
  return postgres({ ...at, schema: schemaFor(place), ...OPTIONS }).runOn(place.runtime.host);
};

// ── What can be done ────────────────────────────────────────────────────────────────────────────────────────────

async function begin(): Promise<OpenTransaction> {
  const client = await (await onServer()).pool.connect();
  await client.query("BEGIN");
  const end = (how: string) => async (): Promise<void> => {
    await client.query(how);
    client.release();
  };
  return { transaction: client, commit: end("COMMIT"), rollBack: end("ROLLBACK") };
}

/* Of these changes of a table, with an error of this code. */
function refused(what: string, table: string, code: string = "P0001") {
  return async (place: Place): Promise<Heal> => {
    const schema = schemaFor(place);
    await execute(`CREATE FUNCTION "${schema}".refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '${code}'; END $$`);
    await execute(`CREATE TRIGGER refused BEFORE ${what} ON "${schema}".${table}
      FOR EACH ROW EXECUTE FUNCTION "${schema}".refuse()`);
    return async () => void (await execute(`DROP TRIGGER refused ON "${schema}".${table}`));
  };
}

async function corrupt(place: Place, id: string): Promise<void> {
  await execute(`UPDATE "${schemaFor(place)}".envelopes SET headers = '{' WHERE id = $1`, id);
}

async function lend(place: Place): Promise<Lent> {
  await onServer();
  const pool = poolOn(6, NAME, RUN);
  return {
    transport: postgres({ pool, schema: schemaFor(place), ...OPTIONS }).runOn(place.runtime.host),
    isOpen: () =>
      pool.query("SELECT 1").then(
        () => true,
        () => false,
      ),
    close: () => pool.end(),
  };
}

async function revoke(place: Place): Promise<Heal> {
  const rights = `INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schemaFor(place)}"`;
  await execute(`REVOKE ${rights} FROM "${RUN}"`);
  return async () => void (await execute(`GRANT ${rights} TO "${RUN}"`));
}

/* Waits for one that listens. */
async function killNotifier(place: Place): Promise<void> {
  const last = ["LISTEN", "NOTIFY"].map((what) => `${what} "${schemaFor(place)}"`);
  const sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = ANY ($1)";
  while ((await execute(sql, last)) === 0) await pass(20);
}

async function link(place: Place): Promise<Link> {
  const between = await proxy(...target);
  proxies.set(place.id, between);
  return {
    reset: () => between.reset(),
    blackHole: () => between.blackHole(),
    refuse: () => between.turnAway(), // a connection that is refused could not be counted
    weather: (weather) => between.weather(weather),
    heal: () => between.heal(),
  };
}

/* The statement has this text; whether it is kept is known to nobody when the answer to its COMMIT is lost. */
function loseAnswer({ id }: Place, text: string): void {
  void proxies.get(id)!.resetAt([text, "COMMIT"], "toServer", "after");
}

async function killServer({ id }: Place): Promise<Kill> {
  const server = await postgresServer();
  servers.set(id, server);
  return async () => {
    await server.kill();
    return () => server.start();
  };
}

const hooks: Hooks = {
  begin,
  refuse: {
    send: refused("INSERT", "envelopes", "53100"),
    extension: refused("UPDATE OF lease_until", "consumers"),
    settlement: refused("DELETE", "deliveries"),
    deadLetter: refused("INSERT", "letters"),
  },
  corrupt,
  lend,
  fork: () => forked("postgres", RUN),
  link,
  attempts: ({ id }) => proxies.get(id)!.asked,
  loseAnswer,
  killServer,
  revoke,
  killNotifier,
};

export const features: ContractFeatures = {
  ...postgres(OPTIONS).features,
  network: true,
  sleeps: true,
  flood: 20_000,
  guardMs: 60_000,
  ...hooks,
};

/** The same on this machine, where there may be no programs for a server of its own. */
export const featuresHere: ContractFeatures =
  whyNoPostgres() === undefined ? features : { ...features, killServer: undefined };

/** Takes away what the cases have made on the server, and lets go of it. */
export async function leaveServer(): Promise<void> {
  const all = [...servers.values()].map((server) => server.remove());
  await Promise.all([...all, ...[...proxies.values()].map((between) => between.close())]);
  if (stay === undefined) return;
  const { pool, operator, dropRole } = await stay;
  stay = undefined;
  await Promise.all([pool.end(), operator.end()]);
  await dropSchemas(...schemas);
  await dropRole();
  schemas.clear();
}
