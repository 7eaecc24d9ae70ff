/** The clients of the application whose transactions are joined: what is written on one is written in turn. */
import { show } from "../runtime/options.js";
import type { PostgresClient } from "./client.js";
import { Connection } from "./connection.js";

export class Joined {
  readonly #last = new WeakMap<PostgresClient, Promise<unknown>>();

  /** Does something within the transaction that is open on a client. */
  async do<T>(transaction: unknown, work: (db: Connection) => Promise<T>): Promise<T> {
    const client = checked(transaction);
    const done = (this.#last.get(client) ?? Promise.resolve()).then(async () => {
      await checkOpen(client);
      return work(new Connection(client, { isSnapshot: true }));
    });
    this.#last.set(
      client,
      done.catch(() => undefined),
    );
    return done;
  }
}

function checked(transaction: unknown): PostgresClient {
  const client = transaction as PostgresClient;
  if (typeof client?.query === "function") return client;
  throw new TypeError(`Expected \`transaction\` to be a client of pg, got ${show(transaction)}.`);
}

/* Without values the statement has a message of its own, so that its time is that of its transaction, if it is alone. */
const IS_OPEN = "SELECT now() <> statement_timestamp() AS is_open";
const NO_TRANSACTION =
  "The client that was given as `transaction` has none open. Begin one, and commit it when the work is done.";

async function checkOpen(client: PostgresClient): Promise<void> {
  const { rows } = await client.query({ text: IS_OPEN });
  if ((rows[0] as { is_open: unknown }).is_open !== true) throw new TypeError(NO_TRANSACTION);
}
