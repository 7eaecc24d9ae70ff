/** The tables: made and changed by numbered steps, each of which runs once, whoever starts. */
import { NewerSchemaError } from "../transport/store-errors.js";
import type { Connection, Database } from "./connection.js";

/* A step that was released is never edited: databases out there have run it. */
const STEPS: readonly ((p: string) => readonly string[])[] = [first];

/** The version of the tables that this code works with. */
export const SCHEMA_VERSION: number = STEPS.length;

/** The SQL of every step after a version, for whoever migrates by hand. */
export function sqlOf(schema: string, after: number = 0): readonly string[] {
  const p = `"${schema}".`;
  return STEPS.slice(after).flatMap((step, index) => [
    ...(after + index === 0 ? [`CREATE SCHEMA IF NOT EXISTS "${schema}"`, versionTable(p)] : []),
    ...step(p),
    after + index === 0
      ? `INSERT INTO ${p}schema (version) VALUES (1)`
      : `UPDATE ${p}schema SET version = ${after + index + 1}`,
  ]);
}

/** Brings the tables to this version, in one transaction; throws a `NewerSchemaError` where they are beyond it. */
export async function migrate(database: Database, schema: string): Promise<void> {
  if ((await database.use((db) => versionOf(db, schema))) === SCHEMA_VERSION) return;
  await database.transaction(async (db) => {
    // Whoever starts at the same moment waits here.
    await db.run("SELECT pg_advisory_xact_lock(hashtext('signalbox'), hashtext($1))", schema);
    for (const sql of sqlOf(schema, await versionOf(db, schema))) await db.run(sql);
  });
}

/* 0 where there are no tables. */
async function versionOf(db: Connection, schema: string): Promise<number> {
  // Not to_regclass(): that answers from a cache which knows nothing of whoever was first.
  const there = await db.row(
    "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema'",
    schema,
  );
  if (there === undefined) return 0;
  const row = await db.row(`SELECT version FROM "${schema}".schema`);
  const version = (row?.["version"] as number | undefined) ?? 0;
  if (version > SCHEMA_VERSION) throw new NewerSchemaError(`${schema}.schema`, version, SCHEMA_VERSION);
  return version;
}

function versionTable(p: string): string {
  return `CREATE TABLE ${p}schema (version integer NOT NULL)`;
}

/**
 * `state` of a delivery: 0 ready, 1 waits for its retry, 2 out, 3 behind another of its key, 4 not due yet. `due_at` is
 * there while it waits for a time, `owner` while it is out. A row of `lines` is what those who change a key's line lock.
 */
function first(p: string): readonly string[] {
  return [...groupTables(p), ...deliveryTables(p), ...sideTables(p)];
}

function groupTables(p: string): readonly string[] {
  return [
    `CREATE TABLE ${p}groups (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, consumer bigint NOT NULL,
  is_ordered boolean NOT NULL, inbox_ms float8 NOT NULL, UNIQUE (name, consumer))`,
    `CREATE TABLE ${p}bindings (event text NOT NULL, group_id bigint NOT NULL, PRIMARY KEY (event, group_id))`,
    `CREATE INDEX bindings_group ON ${p}bindings (group_id)`,
    `CREATE TABLE ${p}consumers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lease_until float8 NOT NULL)`,
    `CREATE TABLE ${p}consuming (
  group_id bigint NOT NULL, consumer bigint NOT NULL, events text[] NOT NULL, PRIMARY KEY (group_id, consumer))`,
  ];
}

/* Rows come and go: what they leave is cleared away sooner than the server does by itself. */
const BUSY = "WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000)";

function deliveryTables(p: string): readonly string[] {
  return [
    `CREATE SEQUENCE ${p}numbers`,
    `CREATE TABLE ${p}envelopes (
  seq bigint PRIMARY KEY, id text NOT NULL, name text NOT NULL, key text, priority integer NOT NULL, due_at float8,
  expires_at float8, headers text NOT NULL, body bytea NOT NULL, sent_at float8 NOT NULL, is_again boolean NOT NULL) ${BUSY}`,
    `CREATE INDEX envelopes_due ON ${p}envelopes (id COLLATE "C") WHERE due_at IS NOT NULL`,
    `CREATE TABLE ${p}deliveries (
  envelope bigint NOT NULL, group_id bigint NOT NULL, state smallint NOT NULL, key text, priority integer NOT NULL,
  due_at float8, owner bigint, failures integer NOT NULL, deliveries integer NOT NULL, history text NOT NULL,
  PRIMARY KEY (envelope, group_id)) ${BUSY}`,
    `CREATE INDEX deliveries_ready ON ${p}deliveries (group_id, priority DESC, envelope) WHERE state = 0`,
    `CREATE INDEX deliveries_due ON ${p}deliveries (due_at, envelope) WHERE due_at IS NOT NULL`,
    `CREATE INDEX deliveries_key ON ${p}deliveries (group_id, key, envelope) WHERE key IS NOT NULL`,
    `CREATE INDEX deliveries_out ON ${p}deliveries (owner) WHERE owner IS NOT NULL`,
    `CREATE TABLE ${p}lines (group_id bigint NOT NULL, key text NOT NULL, PRIMARY KEY (group_id, key)) ${BUSY}`,
    `CREATE TABLE ${p}ids (id text PRIMARY KEY, sent_at float8 NOT NULL) ${BUSY}`,
    `CREATE INDEX ids_sent ON ${p}ids (sent_at)`,
  ];
}

function sideTables(p: string): readonly string[] {
  return [
    `CREATE TABLE ${p}inbox (
  group_id bigint NOT NULL, id text NOT NULL, envelope bigint NOT NULL, until float8, PRIMARY KEY (group_id, id)) ${BUSY}`,
    `CREATE INDEX inbox_until ON ${p}inbox (until) WHERE until IS NOT NULL`,
    `CREATE TABLE ${p}letters (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, group_name text NOT NULL, group_id bigint NOT NULL,
  reason text NOT NULL, at float8 NOT NULL, failures integer NOT NULL, deliveries integer NOT NULL, history text NOT NULL, id text NOT NULL,
  name text NOT NULL, key text, priority integer NOT NULL, due_at float8, expires_at float8, headers text NOT NULL,
  body bytea NOT NULL)`,
    `CREATE INDEX letters_group ON ${p}letters (group_name, number)`,
    `CREATE INDEX letters_at ON ${p}letters (at)`,
    `CREATE TABLE ${p}records (
  key text COLLATE "C" PRIMARY KEY, value bytea NOT NULL, version bigint NOT NULL, until float8)`,
    `CREATE INDEX records_until ON ${p}records (until) WHERE until IS NOT NULL`,
    `CREATE TABLE ${p}leases (name text PRIMARY KEY, holder text NOT NULL, until float8 NOT NULL)`,
  ];
}
