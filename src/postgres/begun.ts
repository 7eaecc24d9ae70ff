/** One transaction that the transport has begun: its client, what was settled within it, and its end. */
import type { Held } from "../transport/holdings.js";
import { StoreError } from "../transport/store-errors.js";
import type { TransportTransaction } from "../transport/transport.js";
import type { Limit } from "./answers.js";
import type { PooledClient } from "./client.js";
import { Connection } from "./connection.js";
import { commitError } from "./faults.js";
import { type Backend, backendOf, type Fates } from "./fates.js";
import { guarded, type Guarded } from "./guard.js";

export interface BegunParts {
  /** No other transaction has this name. */
  readonly name: string;
  /** For what only begins and ends it. */
  readonly limit: Limit;
  /** How long it waits for a lock, unless the work says something else. */
  readonly lockMaxMs: number;
  readonly fates: Fates;
  /** What is to be done with what was settled within it. */
  readonly ended: (begun: Begun, helds: readonly Held[], isCommitted: boolean) => void;
}

/* Whatever the work has left running is given so long to end. */
const ROLL_BACK_MS = 1_000;

export class Begun implements TransportTransaction {
  readonly client: PooledClient;
  readonly #guard: Guarded;
  readonly #pooled: PooledClient;
  readonly #parts: BegunParts;
  /* For its beginning and its end. */
  readonly #db: Connection;
  readonly #helds: Held[] = [];
  readonly #lost: () => void;
  #backend: Backend | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #ending: Promise<void> | undefined;

  constructor(pooled: PooledClient, parts: BegunParts) {
    this.#pooled = pooled;
    this.#parts = parts;
    this.#guard = guarded(pooled);
    this.client = this.#guard.client;
    this.#db = new Connection(pooled, { limit: parts.limit });
    this.#lost = () => void (this.#db.isLost = true);
    pooled.on("error", this.#lost); // a client without a listener would end the process
  }

  /* Nothing that would keep the work from choosing its isolation. */
  async begin(): Promise<this> {
    const { name, lockMaxMs } = this.#parts;
    try {
      this.#backend = await backendOf(this.#pooled, this.#db);
      await this.#db.run(
        `BEGIN; SET LOCAL lock_timeout = ${lockMaxMs}; SET LOCAL ${NAME} = '${name}'; ${ALIVE}`,
      );
      return this;
    } catch (error) {
      this.#giveBack();
      throw error;
    }
  }

  /** Does something of our own within it: one after the other. */
  do<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    const { limit, lockMaxMs } = this.#parts;
    const db = new Connection(this.client, {
      limit: { ...limit, ms: limit.ms + lockMaxMs },
      isSnapshot: true,
    });
    const done = this.#last.then(() => work(db));
    this.#last = done.catch(() => (this.#db.isLost ||= db.isLost));
    return done;
  }

  /** A delivery that is settled within it: until its end nobody knows whether it is. */
  settles(held: Held): void {
    this.#helds.push(held);
  }

  commit(): Promise<void> {
    if (this.#ending !== undefined) return Promise.reject(new TypeError(OVER));
    const committed = this.#commit();
    this.#ending = committed.catch(() => undefined);
    return committed;
  }

  rollBack(): Promise<void> {
    return (this.#ending ??= this.#rollBack());
  }

  async #commit(): Promise<void> {
    this.#guard.close();
    let number: string | null | undefined;
    try {
      number = await this.#number();
      await this.#db.run("COMMIT");
    } catch (error) {
      if (number === undefined || !this.#db.isLost) await this.#undo();
      else if (await this.#isCommitted(number, error)) return this.#end(true);
      this.#end(false);
      throw commitError(error);
    }
    this.#end(true);
  }

  /* Null where nothing was written; throws where the work has ended it, or a statement of the work has failed. */
  async #number(): Promise<string | null> {
    const sql = `SELECT current_setting('${NAME}', true) AS name, pg_current_xact_id_if_assigned()::text AS number`;
    const { name, number } = (await this.#db.row(sql))!;
    if (name !== this.#parts.name) throw new TypeError(ENDED);
    return number as string | null;
  }

  /* The connection was lost on the way: the server is asked on another. */
  async #isCommitted(number: string | null, error: unknown): Promise<boolean> {
    if (number === null) return true; // there was nothing to commit
    const fate = await this.#parts.fates.of(number, this.#backend);
    if (fate !== "unknown") return fate === "committed";
    this.#end(false);
    throw new StoreError("postgres", "broken", UNKNOWN, { cause: error });
  }

  async #rollBack(): Promise<void> {
    this.#guard.close();
    await this.#undo();
    this.#end(false);
  }

  async #undo(): Promise<void> {
    const { limit, fates } = this.#parts;
    const db = new Connection(this.#pooled, { limit: { ...limit, ms: Math.min(limit.ms, ROLL_BACK_MS) } });
    try {
      if (this.#db.isLost) throw new Error("It was lost.");
      await db.run("ROLLBACK");
    } catch {
      this.#db.isLost = true;
      await fates.terminate(this.#backend);
    }
  }

  #end(isCommitted: boolean): void {
    this.#giveBack();
    this.#parts.ended(this, this.#helds, isCommitted);
  }

  #giveBack(): void {
    this.#pooled.removeListener("error", this.#lost);
    this.#pooled.release(this.#db.isLost);
  }
}

const NAME = "signalbox.transaction";
/* The locks of whoever has vanished are free after half a minute, not after the hours of the system. */
const ALIVE =
  "SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 4; SET LOCAL tcp_user_timeout = 30000";

const OVER =
  "The transaction has ended: it was rolled back when the transport closed. Do the work once more.";
const ENDED =
  "The work has ended the transaction by itself. Leave BEGIN, COMMIT and ROLLBACK to the bus; a SAVEPOINT is yours.";
const UNKNOWN =
  "the connection was lost during the commit, and the server cannot be asked what became of it. Look whether its effect is there before you do the work once more.";
