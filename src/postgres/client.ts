/** What of the package `pg` is needed: whoever lends a pool may have any version of it that does this. */

/** What is asked of a client of `pg`. */
export interface PostgresQuery {
  /** Where it is to stay prepared on its connection. */
  name?: string;
  text: string;
  values?: unknown[];
  types?: { getTypeParser(oid: number, format?: string): (text: string) => unknown };
}

/** A client of `pg`, as much of it as is needed. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

/** A client that a pool has handed out. */
export interface PooledClient extends PostgresClient {
  /** The process of the server that it has been told. */
  readonly processID?: number | null | undefined;
  release(isBroken?: boolean): void;
  /** Its connection keeps no process alive. */
  unref?(): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "notification", listener: (notification: Notification) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** A pool of `pg`, as much of it as is needed. */
export interface PostgresPool {
  connect(): Promise<PooledClient>;
  /** How many clients it has at most, where it says so. */
  readonly options?: { readonly max?: number | undefined } | undefined;
}

export interface Notification {
  readonly channel: string;
  readonly processId: number;
}
