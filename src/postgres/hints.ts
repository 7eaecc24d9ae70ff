/** Tells other processes that there is something new, and hears it from them. A hint may be lost: all look by themselves. */
import { withoutContext } from "../runtime/context.js";
import type { Host, HostTimer } from "../runtime/host.js";
import type { Notification, PooledClient } from "./client.js";
import type { Connection, Database } from "./connection.js";
import { storeError } from "./faults.js";
import type { Link } from "./link.js";

export interface HintParts {
  readonly host: () => Host;
  readonly link: Link;
  readonly schema: string;
  /** How often is looked whether the connection is still there. */
  readonly beatMs: number;
  /** Somebody else has something new, or may have had. */
  readonly hear: () => void;
}

interface Listener {
  readonly client: PooledClient;
  readonly db: Connection;
}

export class Hints {
  readonly #parts: HintParts;
  #database: Database | undefined;
  #listener: Listener | undefined;
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
    while (this.#isMore && this.#listener !== undefined) {
      this.#isMore = false;
      await this.#ask(this.#listener, Hints.sqlOf(this.#parts.schema));
    }
    this.#isGiving = false;
  }

  /* A hint may be lost; but who gives no answer says nothing to us, either. */
  async #ask(listener: Listener, sql: string): Promise<void> {
    await listener.db.run(sql).catch((error: Error) => listener.db.isLost && this.#lost(listener, error));
  }

  async #listen(database: Database): Promise<void> {
    const client = await database.connect();
    const listener = { client, db: database.on(client) };
    let own: unknown;
    client.on("error", (error) => this.#lost(listener, error));
    client.on("notification", ({ processId }: Notification) => {
      if (processId !== own) this.#parts.hear();
    });
    try {
      own = (await listener.db.row("SELECT pg_backend_pid() AS pid"))!["pid"];
      await listener.db.run(`LISTEN "${this.#parts.schema}"`);
    } catch (error) {
      client.release(true);
      throw error;
    }
    if (this.#database !== database) return client.release(true);
    this.#listener = listener;
    this.#beatLater(listener);
  }

  #beatLater(listener: Listener): void {
    const beat = async (): Promise<void> => {
      await this.#ask(listener, "SELECT 1");
      if (this.#listener === listener) this.#beatLater(listener);
    };
    this.#pause = withoutContext(() => this.#parts.host().timer(() => void beat(), this.#parts.beatMs));
  }

  #lost(listener: Listener, error: Error): void {
    if (this.#listener !== listener) return;
    this.#leave();
    this.#again(error);
  }

  #again(error: unknown): void {
    const wait = this.#parts.link.failed(storeError(error));
    this.#pause?.cancel();
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
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.client.unref?.(); // the server may be too far away to say good-bye
    listener?.client.release(true); // nobody else is to listen on it
  }
}
