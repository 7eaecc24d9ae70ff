/** Connections to the server, and what is asked on them: by itself, in a transaction, or for as long as somebody stays. */
import type { Row } from "../transport/envelope-rows.js";
import { type Limit, within } from "./answers.js";
import type { PooledClient, PostgresClient, PostgresPool } from "./client.js";
import { isConnectionLost, isUnprepared } from "./faults.js";

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

export interface ConnectionHow {
  /** Whoever is silent for so long is taken for lost. */
  readonly limit?: Limit | undefined;
  /** Whether a statement that comes again is neither sent nor planned again. */
  readonly isPreparing?: boolean;
  /** Whether it reads what was there at the beginning of its transaction: it may be of a stricter isolation. */
  readonly isSnapshot?: boolean;
}

export class Connection {
  /** Whether a query had no answer, or the way to the server failed: nothing more can be asked. */
  isLost = false;
  readonly #client: PostgresClient;
  readonly #how: ConnectionHow;

  constructor(client: PostgresClient, how: ConnectionHow = {}) {
    this.#client = client;
    this.#how = how;
  }

  get isSnapshot(): boolean {
    return this.#how.isSnapshot === true;
  }

  async rows(text: string, ...values: unknown[]): Promise<readonly Row[]> {
    const { rows } = await this.#answer(text, values);
    return rows as Row[];
  }

  async row(text: string, ...values: unknown[]): Promise<Row | undefined> {
    return (await this.rows(text, ...values))[0];
  }

  /** Answers how many rows it changed. */
  async run(text: string, ...values: unknown[]): Promise<number> {
    const { rowCount } = await this.#answer(text, values);
    return rowCount ?? 0;
  }

  async #answer(text: string, values: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }> {
    const { limit, isPreparing = false } = this.#how;
    const name = isPreparing && values.length > 0 ? { name: nameOf(text) } : {};
    try {
      const answer = this.#client.query({ ...name, text, values, types });
      return await (limit === undefined ? answer : within(limit, answer));
    } catch (error) {
      this.isLost ||= isConnectionLost(error);
      throw error;
    }
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
/*
 * For a few rows the server would plan anew each time, which takes longer than what is planned. Behind a pooler it would do
 * so for other people, too: there the process is another than the client was told.
 */
function plansStay({ processID = null }: PooledClient): string {
  return `SELECT set_config('plan_cache_mode', 'force_generic_plan', false) WHERE pg_backend_pid() = ${processID}`;
}

/* Sent ahead of what comes next, which fails, too, where this does. */
function before(client: PooledClient, text: string): void {
  void client.query({ text }).catch(() => undefined);
}

/** A table `limits`: whatever reads of it waits so many milliseconds for a lock, until its statement has ended. */
export function lockLimitFrom(ms: string): string {
  return `limits AS MATERIALIZED (SELECT CASE WHEN ${ms}::int IS NOT NULL THEN set_config('lock_timeout', ${ms}::int::text, true) END)`;
}

/* Longer than this is no lock of an ordinary transaction. */
const LOCK_MAX_MS = 1_000;

export interface TransactionHow {
  readonly user?: Pick<Database, "use">;
  readonly lockMaxMs?: number | undefined;
}

export class Database {
  readonly #pool: PostgresPool;
  readonly #limit: Limit | undefined;
  readonly #end: (() => Promise<void>) | undefined;
  readonly #uses = new WeakMap<PooledClient, number>();
  #isPreparing = true;

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
    return new Connection(client, { limit: this.#limit });
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

  /** All of it, or nothing; whoever holds a lock for longer is not waited for. */
  transaction<T>(
    work: (db: Connection) => Promise<T>,
    { user = this, lockMaxMs = LOCK_MAX_MS }: TransactionHow = {},
  ): Promise<T> {
    return user.use(async (db) => {
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

  /** A client as it is used once more; what it has prepared is planned again now and then. */
  connectionOf(client: PooledClient): Connection {
    const uses = (this.#uses.get(client) ?? 0) + 1;
    this.#uses.set(client, uses === PLANNED_USES + 1 ? 1 : uses);
    const isOwn = this.#end !== undefined;
    if (this.#isPreparing && uses === 1 && isOwn) before(client, plansStay(client));
    if (this.#isPreparing && uses > PLANNED_USES) before(client, "DISCARD PLANS");
    return new Connection(client, { limit: this.#limit, isPreparing: this.#isPreparing });
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
    const db = this.#database.connectionOf(this.#client!);
    try {
      return await work(db);
    } catch (error) {
      if (this.#database.learns(error)) return await this.use(work);
      throw error;
    } finally {
      this.#isBroken ||= db.isLost;
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

function ignore(): void {}
