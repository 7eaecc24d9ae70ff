/** A database in a folder of its own, buses on it, and what a test waits for. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Bus, createBus } from "signalbox";
import { sqlite, type SqliteOptions, type SqliteTransport } from "signalbox/sqlite";
import { onTestFinished } from "vitest";
import { opened, type Opened as OpenedOn, SILENT } from "../support/kept-items.js";

export { group, idOf, Noted, until, wire } from "../support/kept-items.js";

export type Opened = OpenedOn<SqliteTransport>;

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

export function open(options: SqliteOptions): Promise<Opened> {
  return opened(sqlite(options));
}
