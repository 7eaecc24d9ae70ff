/** The pools that connections come from: of its own, or one that the application lends. */
import { toError } from "../errors.js";
import type { Host } from "../runtime/host.js";
import { StoreError } from "../transport/store-errors.js";
import { Database } from "./connection.js";
import type { Settings } from "./options.js";

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
  const { default: pg } = await import("pg").catch(notInstalled);
  const place = url === undefined ? {} : { connectionString: url };
  const made = (max: number): Database => {
    const ways = { keepAlive: true, keepAliveInitialDelayMillis: answerMaxMs, allowExitOnIdle: true };
    const own = new pg.Pool({ ...place, ...ways, max, connectionTimeoutMillis: answerMaxMs });
    own.on("error", ignore); // one that is idle was lost: the next that is needed is made again
    return new Database(own, limit, () => own.end());
  };
  return { own: made(connections), begun: made(transactions) };
}

function notInstalled(cause: unknown): never {
  const says = `the package pg could not be loaded (${toError(cause).message}). Install it: npm install pg`;
  throw new StoreError("postgres", "settings", says, { cause });
}

/** Pools that were lent stay open. */
export async function closeAll({ own, begun }: Databases): Promise<void> {
  await Promise.all([own.close(), begun.close()]);
}

function ignore(): void {}
