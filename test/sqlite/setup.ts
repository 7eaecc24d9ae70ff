/** A database in a folder of its own, buses on it, and what a test waits for. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Bus, createBus, Event, type Group, type Item, type Sink, type WireEnvelope } from "signalbox";
import { sqlite, type SqliteOptions, type SqliteTransport } from "signalbox/sqlite";
import { onTestFinished } from "vitest";

export class Noted extends Event("noted", { key: ({ key }: { key?: string }) => key })<{
  id: string;
  key?: string;
  body?: string;
}> {}

export interface Opened {
  readonly transport: SqliteTransport;
  readonly items: Item[];
  readonly lost: string[];
  readonly states: string[];
}

export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), "signalbox-sqlite-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export function setup() {
  const file = path.join(folder(), "events.db");
  return {
    file,
    /** A transport, opened, whose items are kept. */
    open: (options: Partial<SqliteOptions> = {}): Promise<Opened> => open({ path: file, ...options }),
    /** A bus on a transport of its own, not started. */
    bus: (options: Partial<SqliteOptions> = {}): Bus => {
      const bus = createBus({ transport: sqlite({ path: file, ...options }), logger: SILENT });
      onTestFinished(async () => void (await bus.close()));
      return bus;
    },
  };
}

const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {}

export async function open(options: SqliteOptions): Promise<Opened> {
  const transport = sqlite(options);
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
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
