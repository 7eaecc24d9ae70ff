/** A server of a test file's own, and before it, for each test, a proxy; transports and buses on either way. */
import pg from "pg";
import { type Bus, createBus } from "signalbox";
import { postgres, type PostgresOptions } from "signalbox/postgres";
import { afterAll, beforeAll, beforeEach, onTestFinished } from "vitest";
import { postgresServer, type PostgresServer, whyNoPostgres } from "../support/postgres-server.js";
import { type Proxy, proxy } from "../support/proxy.js";
import { Noted, open, type Opened } from "./setup.js";

/** Why the tests of such a file are left out; undefined where they are not. */
export const why: string | undefined = whyNoPostgres();
/** For the title of what is left out. */
export const because: string = why === undefined ? "" : `: ${why}`;

export const LEASE = 1_000;
export const SWEEP: number = LEASE / 2;
export const BUSY = 1_500; // a machine that others use, too

const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export function ownServer() {
  let server: PostgresServer;
  let between: Proxy;
  beforeAll(async () => {
    if (why === undefined) server = await postgresServer();
  }, 30_000);
  afterAll(() => server?.remove());
  beforeEach(async () => {
    if (why !== undefined) return;
    between = await proxy(server.port);
    onTestFinished(() => between.close());
  });
  const behind = (): string => `postgres://postgres@127.0.0.1:${between.port}/postgres`;
  return {
    server: () => server,
    between: () => between,
    /** Where the server is, behind the proxy. */
    behind,
    /** A transport, opened, behind the proxy unless another `url` is given. */
    open: (options: PostgresOptions = {}): Promise<Opened> =>
      open({ url: behind(), lease: LEASE, ...options }),
    /** The same as a bus that has not started. */
    bus: (options: PostgresOptions = {}): Bus => busOn({ url: behind(), lease: LEASE, ...options }),
    /** A bus that has started, with a subscription of this name, and what it has got. */
    reading: async (name: string, options: PostgresOptions = {}) => {
      const bus = busOn({ url: behind(), lease: LEASE, ...options });
      const got: string[] = [];
      bus.on(Noted, { name, retry: 3 }, ({ id }) => void got.push(id));
      await bus.start();
      return { bus, got };
    },
    /** Asks the server itself. */
    rows: async (sql: string): Promise<readonly Record<string, unknown>[]> => {
      const client = new pg.Client(server.url);
      await client.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/** A bus that has not started. */
export function busOn(options: PostgresOptions): Bus {
  const bus = createBus({ transport: postgres(options), events: Noted, logger: SILENT });
  onTestFinished(async () => void (await bus.close({ deadline: 1_000 })));
  return bus;
}

/** Whoever is refused does not know whether it is stored, and publishes again with the same id. */
export async function surely(bus: Bus, id: string, key?: string): Promise<void> {
  const event = new Noted(key === undefined ? { id } : { id, key });
  for (;;)
    try {
      await bus.publish(event, { id });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

function nothing(): void {}
