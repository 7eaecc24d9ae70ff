/** Connections to the server: from a pool of its own, or from one that the application lends. */
import type { Row } from "../transport/envelope-rows.js";
import type { PooledClient, PostgresClient, PostgresPool } from "./client.js";
import { isConnectionLost } from "./faults.js";
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

  constructor(client: PostgresClient) {
    this.#client = client;
  }

  async rows(text: string, ...values: unknown[]): Promise<readonly Row[]> {
    const { rows } = await this.#client.query({ text, values, types });
    return rows as Row[];
  }

  async row(text: string, ...values: unknown[]): Promise<Row | undefined> {
    return (await this.rows(text, ...values))[0];
  }

  /** Answers how many rows it changed. */
  async run(text: string, ...values: unknown[]): Promise<number> {
    const { rowCount } = await this.#client.query({ text, values, types });
    return rowCount ?? 0;
  }
}

export class Database {
  readonly #pool: PostgresPool;
  readonly #end: (() => Promise<void>) | undefined;

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
    const client = await this.#pool.connect();
    let isBroken = false;
    const broken = (): void => void (isBroken = true);
    client.on("error", broken); // a client without a listener would end the process
    try {
      return await work(new Connection(client));
    } catch (error) {
      isBroken ||= isConnectionLost(error);
      throw error;
    } finally {
      client.removeListener("error", broken);
      client.release(isBroken);
    }
  }

  /** All of it, or nothing. */
  transaction<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    return this.use(async (db) => {
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

  /** A pool that was lent stays open. */
  async close(): Promise<void> {
    await this.#end?.();
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
