/** Connections to the server: from pools of its own, or from one that the application lends. */
import type { Host } from "../runtime/host.js";
import type { Row } from "../transport/envelope-rows.js";
import { type Limit, within } from "./answers.js";
import type { PooledClient, PostgresClient, PostgresPool, PostgresQuery } from "./client.js";
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

/* As `bytea_output` has it: in hex, or as "escape", where a backslash is two, and what is no ASCII is three octal digits. */
function bytesOf(text: string): Uint8Array {
  if (text.startsWith("\\x")) return new Uint8Array(Buffer.from(text.slice(2), "hex"));
  const plain = text.replaceAll(/\\(\\|[0-7]{3})/g, (_, code: string) =>
    code === "\\" ? code : String.fromCharCode(Number.parseInt(code, 8)),
  );
  return new Uint8Array(Buffer.from(plain, "latin1"));
}

/** Milliseconds since the epoch, by the clock of the server; read once per statement. */
export const NOW = "(SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8)";

export class Connection {
  /** Whether a query had no answer, or the way to the server failed: nothing more can be asked. */
  isLost = false;
  /** Whether it reads what was there at the beginning of its transaction: it may be of a stricter isolation. */
  readonly isSnapshot: boolean;
  readonly #client: PostgresClient;
  readonly #limit: Limit | undefined;

  /** With a limit, whoever is silent for so long is taken for lost. */
  constructor(client: PostgresClient, limit?: Limit, isSnapshot: boolean = false) {
    this.#client = client;
    this.#limit = limit;
    this.isSnapshot = isSnapshot;
  }

  async rows(text: string, ...values: unknown[]): Promise<readonly Row[]> {
    const { rows } = await this.#answer({ text, values, types });
    return rows as Row[];
  }

  async row(text: string, ...values: unknown[]): Promise<Row | undefined> {
    return (await this.rows(text, ...values))[0];
  }

  /** Answers how many rows it changed. */
  async run(text: string, ...values: unknown[]): Promise<number> {
    const { rowCount } = await this.#answer({ text, values, types });
    return rowCount ?? 0;
  }

  async #answer(query: PostgresQuery): Promise<{ rows: unknown[]; rowCount: number | null }> {
    try {
      const answer = this.#client.query(query);
      return await (this.#limit === undefined ? answer : within(this.#limit, answer));
    } catch (error) {
      this.isLost ||= isConnectionLost(error);
      throw error;
    }
  }
}

/* Longer than this is no lock of an ordinary transaction. */
const LOCK_MAX_MS = 1_000;

export class Database {
  readonly #pool: PostgresPool;
  readonly #limit: Limit | undefined;
  readonly #end: (() => Promise<void>) | undefined;

  constructor(pool: PostgresPool, limit?: Limit, end?: () => Promise<void>) {
    this.#pool = pool;
    this.#limit = limit;
    this.#end = end;
  }

  /** The same connections, for what may take as long as it takes. */
  get patient(): Database {
    return new Database(this.#pool);
  }

  /** A client to keep. */
  async connect(): Promise<PooledClient> {
    const asked = this.#pool.connect();
    if (this.#limit === undefined) return asked;
    try {
      return await within(this.#limit, asked);
    } catch (error) {
      asked.then((late) => late.release(), ignore);
      throw error;
    }
  }

  /** What is asked on a client that is kept. */
  on(client: PooledClient): Connection {
    return new Connection(client, this.#limit);
  }

  /** Each statement counts by itself. */
  async use<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    const client = await this.connect();
    const db = new Connection(client, this.#limit);
    const broken = (): void => void (db.isLost = true);
    client.on("error", broken); // a client without a listener would end the process
    try {
      return await work(db);
    } finally {
      client.removeListener("error", broken);
      client.release(db.isLost);
    }
  }

  /** All of it, or nothing; whoever holds a lock for longer is not waited for. */
  transaction<T>(work: (db: Connection) => Promise<T>, lockMaxMs: number = LOCK_MAX_MS): Promise<T> {
    return this.use(async (db) => {
      await db.run(this.#begin(lockMaxMs));
      try {
        const answer = await work(db);
        await db.run("COMMIT");
        return answer;
      } catch (error) {
        if (!db.isLost) await db.run("ROLLBACK").catch(ignore); // the first error says what is wrong
        throw error;
      }
    });
  }

  /** A pool that was lent stays open. */
  async close(): Promise<void> {
    await this.#end?.();
  }

  /* The server gives up by itself what we have given up, so that nothing of it holds a lock. */
  #begin(lockMaxMs: number): string {
    const begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
    if (this.#limit === undefined)
      return `${begin}; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0`;
    const ms = Math.ceil(0.9 * this.#limit.ms); // so that what is slow is not taken for silent
    return `${begin}; SET LOCAL lock_timeout = ${Math.min(lockMaxMs, ms)}; SET LOCAL statement_timeout = ${ms};
      SET LOCAL idle_in_transaction_session_timeout = ${ms}`;
  }
}

/** Where the transport works, and where its transactions for the application do: neither waits for the other. */
export interface Databases {
  readonly own: Database;
  readonly begun: Database;
}

/** The pool that was lent, or pools of its own; only then is `pg` needed. */
export async function databasesOf(settings: Settings, host: () => Host): Promise<Databases> {
  const { pool, url, connections, transactions, answerMaxMs } = settings;
  const limit = { host, ms: answerMaxMs };
  if (pool !== undefined) {
    const lent = new Database(pool, limit);
    return { own: lent, begun: lent };
  }
  const { default: pg } = await import("pg");
  const place = url === undefined ? {} : { connectionString: url };
  const made = (max: number): Database => {
    const ways = { keepAlive: true, keepAliveInitialDelayMillis: answerMaxMs, allowExitOnIdle: true };
    const own = new pg.Pool({ ...place, ...ways, max, connectionTimeoutMillis: answerMaxMs });
    own.on("error", ignore); // one that is idle was lost: the next that is needed is made again
    return new Database(own, limit, () => own.end());
  };
  return { own: made(connections), begun: made(transactions) };
}

/** Pools that were lent stay open. */
export async function closeAll({ own, begun }: Databases): Promise<void> {
  await Promise.all([own.close(), begun.close()]);
}

function ignore(): void {}
