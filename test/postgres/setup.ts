/** A schema of its own on the server, transports and buses on it, and what a test waits for. */
import { type Bus, createBus, Event, type Group, type Item, type Sink, type WireEnvelope } from "signalbox";
import { postgres, type PostgresOptions, type PostgresTransport } from "signalbox/postgres";
import { onTestFinished } from "vitest";
import { dropSchemas, missing, poolOn, url } from "../support/postgres-schemas.ts";

/** Why the tests of this folder are left out; undefined where there is a server. */
export const noServer: string | undefined = await missing();
if (noServer !== undefined) process.stderr.write(`Tests of PostgreSQL are left out. ${noServer}\n`);

export class Noted extends Event("noted", { key: ({ key }: { key?: string }) => key })<{
  id: string;
  key?: string;
  body?: string;
}> {}

export interface Opened {
  readonly transport: PostgresTransport;
  readonly items: Item[];
  readonly lost: string[];
  readonly states: string[];
}

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

const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {}

/* The server of the tests, unless it is another or a pool that is asked for. */
export function placed(options: PostgresOptions): PostgresOptions {
  return options.pool === undefined ? { url, ...options } : options;
}

export async function open(options: PostgresOptions): Promise<Opened> {
  const transport = postgres(placed(options));
  const items: Item[] = [];
  const lost: string[] = [];
  const states: string[] = [];
  const sink: Sink = {
    deliver: (item) => void items.push(item),
    lost: (_, reason) => void lost.push(reason),
    changed: (state, error) => void states.push(error === undefined ? state : `${state}: ${error.message}`),
  };
  await transport.open(sink);
  onTestFinished(() => transport.close());
  return { transport, items, lost, states };
}

export function group(name: string, others: Partial<Group> = {}): Group {
  return { name, events: ["noted"], order: "none", audience: "one", start: "now", inboxMs: 0, ...others };
}

export function wire(id: string, others: Partial<WireEnvelope> = {}): WireEnvelope {
  const headers = { "ce-specversion": "1.0", "ce-id": id, "ce-source": "/test", "ce-type": "noted" };
  const body = new TextEncoder().encode(JSON.stringify({ id }));
  const facts = { id, name: "noted", key: undefined, priority: 3, dueAt: undefined, expiresAt: undefined };
  return { ...facts, headers: { ...headers, "content-type": "application/json" }, body, ...others };
}

export function idOf({ envelope }: Item): string {
  return "id" in envelope ? envelope.id : `undecodable: ${envelope.error.message}`;
}

/** Resolves when it is so; the test's own timeout ends what never comes. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}
