/** What became of a transaction whose connection was lost: the server is asked on another one. */
import type { Host } from "../runtime/host.js";
import { pause } from "./answers.js";
import type { PooledClient } from "./client.js";
import type { Connection, Database } from "./connection.js";

export type Fate = "committed" | "aborted" | "unknown";

/** What tells a connection from all others of its server. */
export interface Backend {
  readonly pid: number;
  readonly since: string;
}

const AGAIN_MS = 50;

export interface FatesParts {
  readonly host: () => Host;
  readonly database: Database;
  /** How long is asked before nobody knows. */
  readonly mostMs: number;
}

export class Fates {
  readonly #parts: FatesParts;

  constructor(parts: FatesParts) {
    this.#parts = parts;
  }

  /** Of the transaction of that number; its connection is ended, if we know it, so that there is an end in any case. */
  async of(number: string, backend: Backend | undefined): Promise<Fate> {
    const { host, mostMs } = this.#parts;
    const until = host().monotonic() + mostMs;
    for (;;) {
      const status = await this.#statusOf(number).catch(() => undefined);
      if (status === "committed" || status === "aborted") return status;
      if (status === null || host().monotonic() >= until) return "unknown"; // null: the server has forgotten it
      await this.terminate(backend);
      await pause(host(), AGAIN_MS, undefined);
    }
  }

  /** Ends a connection on the server's side. */
  async terminate(backend: Backend | undefined): Promise<void> {
    if (backend === undefined) return;
    const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND ${SINCE} = $2`;
    const end = this.#parts.database.use((db) => db.run(sql, backend.pid, backend.since));
    await end.catch(() => undefined); // its end comes without it, too
  }

  async #statusOf(number: string): Promise<unknown> {
    const sql = "SELECT pg_xact_status($1::text::xid8) AS status";
    return (await this.#parts.database.use((db) => db.row(sql, number)))!["status"];
  }
}

const SINCE = "extract(epoch FROM backend_start)::text";

/** Which connection of the server a client has for itself; undefined where a pooler is between them. */
export async function backendOf(client: PooledClient, db: Connection): Promise<Backend | undefined> {
  const known = backends.get(client);
  if (known !== undefined || backends.has(client)) return known;
  const sql = `SELECT pid, ${SINCE} AS since FROM pg_stat_activity WHERE pid = pg_backend_pid()`;
  const row = (await db.row(sql)) as unknown as Backend | undefined;
  const backend = row?.pid === client.processID ? row : undefined;
  backends.set(client, backend);
  return backend;
}

const backends = new WeakMap<PooledClient, Backend | undefined>();
