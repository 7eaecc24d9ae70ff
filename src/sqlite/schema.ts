/** The tables: made and changed by numbered steps, each of which runs once, whoever starts. */
import { NewerSchemaError } from "../transport/store-errors.js";
import type { Connection } from "./connection.js";

/* A step that was released is never edited: databases out there have run it. */
const STEPS: readonly ((p: string) => readonly string[])[] = [first];

/** The version of the tables that this code works with. */
export const SCHEMA_VERSION: number = STEPS.length;

/** The SQL of every step after a version, for whoever migrates by hand. */
export function sqlOf(prefix: string, after: number = 0): readonly string[] {
  return STEPS.slice(after).flatMap((step, index) => [
    ...(after + index === 0 ? [versionTable(prefix)] : []),
    ...step(prefix),
    after + index === 0
      ? `INSERT INTO ${prefix}schema (version) VALUES (1)`
      : `UPDATE ${prefix}schema SET version = ${after + index + 1}`,
  ]);
}

/** Brings the tables to this version, in one transaction; throws a `NewerSchemaError` where they are beyond it. */
export function migrate(connection: Connection, prefix: string): void {
  if (versionOf(connection, prefix) === SCHEMA_VERSION) return;
  connection.immediate(() => {
    // Somebody else may have been first.
    for (const sql of sqlOf(prefix, versionOf(connection, prefix))) connection.database.exec(sql);
  });
}

/* 0 where there are no tables. */
function versionOf({ database }: Connection, prefix: string): number {
  const name = `${prefix}schema`;
  // Not among the prepared ones: the table may come while the connection is open.
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name);
  if (table === undefined) return 0;
  const row = database.prepare(`SELECT version FROM ${name}`).get() as { version?: number } | undefined;
  const version = row?.version ?? 0;
  if (version > SCHEMA_VERSION) throw new NewerSchemaError(name, version, SCHEMA_VERSION);
  return version;
}

function versionTable(p: string): string {
  return `CREATE TABLE ${p}schema (version INTEGER NOT NULL)`;
}

/**
 * `state` of a delivery: 0 ready, 1 waits for its retry, 2 out, 3 behind another of its key, 4 not due yet. `due_at` is
 * there while it waits for a time, `owner` while it is out.
 */
function first(p: string): readonly string[] {
  return [...groupTables(p), ...deliveryTables(p), ...sideTables(p)];
}

function groupTables(p: string): readonly string[] {
  return [
    `CREATE TABLE ${p}groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, consumer INTEGER NOT NULL,
  is_ordered INTEGER NOT NULL, inbox_ms REAL NOT NULL, UNIQUE (name, consumer))`,
    `CREATE TABLE ${p}bindings (
  event TEXT NOT NULL, group_id INTEGER NOT NULL, PRIMARY KEY (event, group_id)) WITHOUT ROWID`,
    `CREATE TABLE ${p}consumers (id INTEGER PRIMARY KEY AUTOINCREMENT, lease_until REAL NOT NULL)`,
    `CREATE TABLE ${p}consuming (
  group_id INTEGER NOT NULL, consumer INTEGER NOT NULL, events TEXT NOT NULL, PRIMARY KEY (group_id, consumer)) WITHOUT ROWID`,
  ];
}

function deliveryTables(p: string): readonly string[] {
  return [
    `CREATE TABLE ${p}envelopes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, name TEXT NOT NULL, key TEXT, priority INTEGER NOT NULL,
  due_at REAL, expires_at REAL, headers TEXT NOT NULL, body BLOB NOT NULL, sent_at REAL NOT NULL, is_again INTEGER NOT NULL)`,
    `CREATE INDEX ${p}envelopes_id ON ${p}envelopes (id, sent_at)`,
    `CREATE INDEX ${p}envelopes_due ON ${p}envelopes (id) WHERE due_at IS NOT NULL`,
    `CREATE TABLE ${p}deliveries (
  envelope INTEGER NOT NULL, group_id INTEGER NOT NULL, state INTEGER NOT NULL, key TEXT, priority INTEGER NOT NULL,
  due_at REAL, owner INTEGER, failures INTEGER NOT NULL, deliveries INTEGER NOT NULL, history TEXT NOT NULL,
  PRIMARY KEY (envelope, group_id)) WITHOUT ROWID`,
    `CREATE INDEX ${p}deliveries_ready ON ${p}deliveries (group_id, priority DESC, envelope) WHERE state = 0`,
    `CREATE INDEX ${p}deliveries_due ON ${p}deliveries (due_at, envelope) WHERE due_at IS NOT NULL`,
    `CREATE INDEX ${p}deliveries_key ON ${p}deliveries (group_id, key, envelope) WHERE key IS NOT NULL`,
    `CREATE INDEX ${p}deliveries_out ON ${p}deliveries (owner) WHERE owner IS NOT NULL`,
  ];
}

function sideTables(p: string): readonly string[] {
  return [
    `CREATE TABLE ${p}inbox (
  group_id INTEGER NOT NULL, id TEXT NOT NULL, envelope INTEGER NOT NULL, until REAL, PRIMARY KEY (group_id, id)) WITHOUT ROWID`,
    `CREATE INDEX ${p}inbox_until ON ${p}inbox (until) WHERE until IS NOT NULL`,
    `CREATE TABLE ${p}letters (
  number INTEGER PRIMARY KEY AUTOINCREMENT, group_name TEXT NOT NULL, group_id INTEGER NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL,
  failures INTEGER NOT NULL, deliveries INTEGER NOT NULL, history TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
  key TEXT, priority INTEGER NOT NULL, due_at REAL, expires_at REAL, headers TEXT NOT NULL, body BLOB NOT NULL)`,
    `CREATE INDEX ${p}letters_group ON ${p}letters (group_name, number)`,
    `CREATE INDEX ${p}letters_at ON ${p}letters (at)`,
    `CREATE TABLE ${p}records (
  key TEXT PRIMARY KEY, value BLOB NOT NULL, version INTEGER NOT NULL, until REAL) WITHOUT ROWID`,
    `CREATE INDEX ${p}records_until ON ${p}records (until) WHERE until IS NOT NULL`,
    `CREATE TABLE ${p}leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID`,
  ];
}
