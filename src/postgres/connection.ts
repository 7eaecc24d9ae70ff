/** Connections to the server: from a pool of its own, or from one that the application lends. */
import type { Row } from "../transport/envelope-rows.js";
import type { PooledClient, PostgresClient, PostgresPool, PostgresQuery } from "./client.js";
import { isConnectionLost, isUnprepared } from "./faults.js";
import type { Settings } from "./options.js";

/* Whatever the application has set for its own queries, these read the same. */
const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [16, (text) => text === "t"],
  [17, bytesOf],
  [20, Number],
  [21, Number],
  [23, Number],
  [701, Number],
]);
const asText = (text: string): string => text;
const types = { getTypeParser: (oid: number) => PARSERS.get(oid) ?? asText };

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), "hex"));
}

/** Milliseconds since the epoch, by the clock of the server; read once per statement. */
export const NOW = "(SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8)";

export class Connection {
  readonly #client: PostgresClient;
  readonly #isPreparing: boolean;

  /** Where it prepares, a statement that comes again is neither sent nor planned again. */
  constructor(client: PostgresClient, isPreparing: boolean = false) {
    this.#client = client;
    this.#isPreparing = isPreparing;
  }

  async rows(text: string, ...values: unknown[]): Promise<readonly Row[]> {
    const { rows } = await this.#client.query(this.#query(text, values));
    return rows as Row[];
  }

  async row(text: string, ...values: unknown[]): Promise<Row | undefined> {
    return (await this.rows(text, ...values))[0];
  }

  /** Answers how many rows it changed. */
  async run(text: string, ...values: unknown[]): Promise<number> {
    const { rowCount } = await this.#client.query(this.#query(text, values));
    return rowCount ?? 0;
  }

  #query(text: string, values: unknown[]): PostgresQuery {
    const query = { text, values, types };
    return this.#isPreparing && values.length > 0 ? { ...query, name: nameOf(text) } : query;
  }
}

/* By its text, so that nothing else is called so, whoever shares the connection. */
const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `signalbox ${hashOf(text, 0x01_00_01_93)} ${hashOf(text, 0x5b_d1_e9_95)}`;
  names.set(text, name);
  return name;
}

function hashOf(text: string, factor: number): string {
  let hash = text.length;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), factor);
  return (hash >>> 0).toString(36);
}

/* A plan was made for the sizes that the tables had: after so many uses of a connection they are made again. */
const PLANNED_USES = 250;
/* For a few rows the server would plan anew each time, which takes longer than what is planned. */
const PLANS_STAY = "SET plan_cache_mode = force_generic_plan";

/* Sent ahead of what comes next, which fails, too, where this does. */
function before(client: PooledClient, text: string): void {
  void client.query({ text }).catch(() => undefined);
}

export class Database {
  readonly #pool: PostgresPool;
  readonly #end: (() => Promise<void>) | undefined;
  readonly #uses = new WeakMap<PooledClient, number>();
  #isPreparing = true;

  constructor(pool: PostgresPool, end?: () => Promise<void>) {
    this.#pool = pool;
    this.#end = end;
  }

  /** A client to keep, for whoever listens. */
  connect(): Promise<PooledClient> {
    return this.#pool.connect();
  }

  /** Each statement counts by itself. */
  async use<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    const desk = new Desk(this);
    try {
      return await desk.use(work);
    } finally {
      desk.leave();
    }
  }

  /** All of it, or nothing. */
  transaction<T>(work: (db: Connection) => Promise<T>, user: Pick<Database, "use"> = this): Promise<T> {
    return user.use(async (db) => {
      await db.run("BEGIN ISOLATION LEVEL READ COMMITTED");
      try {
        const answer = await work(db);
        await db.run("COMMIT");
        return answer;
      } catch (error) {
        await db.run("ROLLBACK").catch(() => undefined); // the first error says what is wrong
        throw error;
      }
    });
  }

  /** A client as it is used once more; what it has prepared is planned again now and then. */
  connectionOf(client: PooledClient): Connection {
    const uses = (this.#uses.get(client) ?? 0) + 1;
    this.#uses.set(client, uses === PLANNED_USES + 1 ? 1 : uses);
    const isOwn = this.#end !== undefined;
    if (this.#isPreparing && uses === 1 && isOwn) before(client, PLANS_STAY);
    if (this.#isPreparing && uses > PLANNED_USES) before(client, "DISCARD PLANS");
    return new Connection(client, this.#isPreparing);
  }

  /** Whether a statement that has failed would not, now that nothing is prepared any more. */
  learns(error: unknown): boolean {
    if (!isUnprepared(error)) return false;
    this.#isPreparing = false;
    return true;
  }

  /** A pool that was lent stays open. */
  async close(): Promise<void> {
    await this.#end?.();
  }
}

/** Where a client stays from one use to the next, until its user leaves. */
export class Desk {
  readonly #database: Database;
  #client: PooledClient | undefined;
  #isBroken = false;
  readonly #broken = (): void => void (this.#isBroken = true); // a client without a listener would end the process

  constructor(database: Database) {
    this.#database = database;
  }

  /** Each statement counts by itself; where a client is here the first is sent at once. */
  async use<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    if (this.#client === undefined) await this.#sit();
    const client = this.#client!;
    try {
      return await work(this.#database.connectionOf(client));
    } catch (error) {
      if (this.#database.learns(error)) return await this.use(work);
      this.#isBroken ||= isConnectionLost(error);
      throw error;
    } finally {
      if (this.#isBroken) this.leave();
    }
  }

  leave(): void {
    this.#client?.removeListener("error", this.#broken);
    this.#client?.release(this.#isBroken);
    this.#client = undefined;
  }

  async #sit(): Promise<void> {
    this.#client = await this.#database.connect();
    this.#isBroken = false;
    this.#client.on("error", this.#broken);
  }
}

/** The pool that was lent, or one of its own; only then is `pg` needed. */
export async function databaseOf({ pool, url, connections }: Settings): Promise<Database> {
  if (pool !== undefined) return new Database(pool);
  const { default: pg } = await import("pg");
  const place = url === undefined ? {} : { connectionString: url };
  const own = new pg.Pool({ ...place, max: connections, keepAlive: true, connectionTimeoutMillis: 10_000 });
  own.on("error", () => undefined); // one that is idle was lost: the next that is needed is made again
  return new Database(own, () => own.end());
}
