/** A schema of its own on the server, transports and buses on it, and what a test waits for. */
import { type Bus, createBus } from "signalbox";
import { postgres, type PostgresOptions, type PostgresTransport } from "signalbox/postgres";
import { onTestFinished } from "vitest";
import { opened, type Opened as OpenedOn, SILENT } from "../support/kept-items.js";
import { dropSchemas, missing, poolOn, url } from "../support/postgres-schemas.ts";

/** Why the tests of this folder are left out; undefined where there is a server. */
export const noServer: string | undefined = await missing();
if (noServer !== undefined) process.stderr.write(`Tests of PostgreSQL are left out. ${noServer}\n`);

export { group, idOf, Noted, until, wire } from "../support/kept-items.js";

export type Opened = OpenedOn<PostgresTransport>;

let made = 0;

export function setup() {
  const schema = `signalbox_test_${process.pid}_${made++}`;
  onTestFinished(() => dropSchemas(schema));
  return {
    schema,
    /** A pool of the application. */
    pool: (name?: string) => {
      const pool = poolOn(10, name);
      onTestFinished(() => pool.end());
      return pool;
    },
    /** A transport, opened, whose items are kept. */
    open: (options: Partial<PostgresOptions> = {}): Promise<Opened> => open({ schema, ...options }),
    /** A bus on a transport of its own, not started. */
    bus: (options: Partial<PostgresOptions> = {}): Bus => {
      const bus = createBus({ transport: postgres(placed({ schema, ...options })), logger: SILENT });
      onTestFinished(async () => void (await bus.close()));
      return bus;
    },
  };
}

/* The server of the tests, unless it is another or a pool that is asked for. */
export function placed(options: PostgresOptions): PostgresOptions {
  return options.pool === undefined ? { url, ...options } : options;
}

export function open(options: PostgresOptions): Promise<Opened> {
  return opened(postgres(placed(options)));
}
