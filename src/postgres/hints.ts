/** Tells other processes that there is something new, and hears it from them. A hint may be lost: all look by themselves. */
import { withoutContext } from "../runtime/context.js";
import type { Host, HostTimer } from "../runtime/host.js";
import type { Notification, PooledClient } from "./client.js";
import type { Database } from "./connection.js";
import { storeError } from "./faults.js";
import type { Link } from "./link.js";

export interface HintParts {
  readonly host: () => Host;
  readonly link: Link;
  readonly schema: string;
  /** Somebody else has something new, or may have had. */
  readonly hear: () => void;
}

export class Hints {
  readonly #parts: HintParts;
  #database: Database | undefined;
  #client: PooledClient | undefined;
  #pause: HostTimer | undefined;
  #isGiving = false;
  #isMore = false;

  constructor(parts: HintParts) {
    this.#parts = parts;
  }

  /** The statement that gives a hint when the transaction that it is in is committed. */
  static sqlOf(schema: string): string {
    return `NOTIFY "${schema}"`;
  }

  async open(database: Database): Promise<void> {
    this.#database = database;
    await this.#listen(database);
  }

  /** Tells the others; many at a time are one. */
  give(): void {
    this.#isMore = true;
    if (!this.#isGiving) void this.#give();
  }

  close(): void {
    this.#database = undefined;
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#leave();
  }

  async #give(): Promise<void> {
    this.#isGiving = true;
    while (this.#isMore && this.#client !== undefined) {
      this.#isMore = false;
      await this.#client.query({ text: Hints.sqlOf(this.#parts.schema) }).catch(() => undefined); // it is only a hint
    }
    this.#isGiving = false;
  }

  async #listen(database: Database): Promise<void> {
    const client = await database.connect();
    let own: unknown;
    client.on("error", (error) => this.#lost(client, error));
    client.on("notification", ({ processId }: Notification) => {
      if (processId !== own) this.#parts.hear();
    });
    try {
      const { rows } = await client.query({ text: "SELECT pg_backend_pid() AS pid" });
      own = (rows[0] as { pid: unknown }).pid;
      await client.query({ text: `LISTEN "${this.#parts.schema}"` });
    } catch (error) {
      client.release(true);
      throw error;
    }
    if (this.#database === database) this.#client = client;
    else client.release(true);
  }

  #lost(client: PooledClient, error: Error): void {
    if (this.#client !== client) return;
    this.#leave();
    this.#again(error);
  }

  #again(error: unknown): void {
    const wait = this.#parts.link.failed(storeError(error));
    this.#pause = withoutContext(() => this.#parts.host().timer(() => void this.#retry(), wait));
  }

  async #retry(): Promise<void> {
    this.#pause = undefined;
    const database = this.#database;
    if (database === undefined) return;
    try {
      await this.#listen(database);
      this.#parts.link.worked();
      this.#parts.hear(); // what was said meanwhile was lost
    } catch (error) {
      if (this.#database === database) this.#again(error);
    }
  }

  #leave(): void {
    this.#client?.release(true); // nobody else is to listen on it
    this.#client = undefined;
  }
}
