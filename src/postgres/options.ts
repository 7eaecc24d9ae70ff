/** The options of a PostgreSQL transport, checked, with their defaults filled in. */
import { type Duration, toMs } from "../runtime/duration.js";
import {
  checkOptions,
  duration,
  integerFrom,
  isObject,
  oneOf,
  type OptionTable,
  positiveDuration,
  refuse,
  rule,
  string,
} from "../runtime/options.js";
import type { PostgresPool } from "./client.js";

export interface PostgresOptions {
  /** Where the server is, as `postgres://user@host/database`. Defaults to what the `PG…` variables say. */
  url?: string | undefined;
  /** A pool of the application, of four connections at least; it is never closed. Instead of `url`. */
  pool?: PostgresPool | undefined;
  /** The schema that all tables are in, made where there is none. Defaults to `"signalbox"`. */
  schema?: string | undefined;
  /**
   * What an accepted event survives: `"power"`, which `start()` checks the settings of the server for, or `"process"`,
   * the loss of this process only. Defaults to `"power"`.
   */
  survives?: "power" | "process" | undefined;
  /** How many connections there are at most, where the pool is its own. Defaults to 4. */
  connections?: number | undefined;
  /**
   * How many transactions the bus has open at most, each on a connection beside those; more of them wait. Defaults to 10, or
   * to what a pool that is lent has beyond four.
   */
  transactions?: number | undefined;
  /** How long a process that is silent keeps what it was handed. Defaults to `"30s"`. */
  lease?: Duration | undefined;
  /** How often is looked for what other processes have written, whether or not they were heard. Defaults to `"1s"`. */
  poll?: Duration | undefined;
  /** How long a second publish with the same id is a duplicate; 0: never. Defaults to `"2m"`. */
  dedupeWindow?: Duration | undefined;
  /** How long events are kept for new groups that begin with the earliest; 0: not at all. Defaults to 0. */
  keepEvents?: Duration | undefined;
  /** How long dead letters are kept. Defaults to `"30d"`. */
  keepDeadLetters?: Duration | undefined;
  /** The longest pause between two attempts to connect again. Defaults to `"10s"`. */
  reconnectMax?: Duration | undefined;
  /** How long a publish waits for the transactions of others, and `bus.transaction` for a connection. Defaults to `"10s"`. */
  busyMax?: Duration | undefined;
  /** How long the server may say nothing before a connection is taken for lost. Defaults to `"10s"`. */
  answerMax?: Duration | undefined;
}

/** The options as the rooms want them: milliseconds, nothing absent but `url` and `pool`. */
export interface Settings {
  readonly url: string | undefined;
  readonly pool: PostgresPool | undefined;
  readonly schema: string;
  /** What stands before the name of a table. */
  readonly prefix: string;
  readonly survives: "power" | "process";
  readonly connections: number;
  readonly transactions: number;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly sweepMs: number;
  readonly dedupeWindowMs: number;
  readonly keepEventsMs: number;
  readonly keepDeadLettersMs: number;
  readonly reconnectMaxMs: number;
  readonly busyMaxMs: number;
  readonly answerMaxMs: number;
}

/* Names go into SQL as they are. */
const schemaRule = rule(
  "a name of at most 32 small letters, digits and underscores that begins with no digit and not with pg_",
  (value) => typeof value === "string" && /^(?!pg_)[a-z_][a-z0-9_]{0,31}$/.test(value),
);
const SCHEMA = "signalbox";
const CONNECTIONS = 4;
const TRANSACTIONS = 10;

/** What `postgres()` takes. */
export const postgresOptions: OptionTable = {
  url: { ...string, about: "Where the server is; without it the `PG…` variables say it." },
  pool: {
    ...rule("a pool of pg", (value) => isObject(value) && typeof value["connect"] === "function"),
    about: "A pool of the application.",
  },
  schema: { ...schemaRule, about: "The schema that all tables are in.", default: SCHEMA },
  survives: { ...oneOf("power", "process"), about: "What an accepted event survives.", default: "power" },
  connections: {
    ...integerFrom(4),
    about: "How many connections its own pool has at most.",
    default: CONNECTIONS,
  },
  transactions: {
    ...integerFrom(1),
    about: "How many transactions the bus has open at most.",
    default: TRANSACTIONS,
  },
  lease: { ...positiveDuration, about: "How long a silent process keeps its deliveries.", default: "30s" },
  poll: { ...positiveDuration, about: "How often other processes' writes are looked for.", default: "1s" },
  dedupeWindow: { ...duration, about: "How long the same id is a duplicate.", default: "2m" },
  keepEvents: { ...duration, about: 'How long events are kept for `start: "earliest"`.', default: 0 },
  keepDeadLetters: { ...positiveDuration, about: "How long dead letters are kept.", default: "30d" },
  reconnectMax: {
    ...positiveDuration,
    about: "The longest pause before another attempt to connect.",
    default: "10s",
  },
  busyMax: {
    ...duration,
    about: "How long a publish waits for others' transactions, and a transaction for a connection.",
    default: "10s",
  },
  answerMax: {
    ...positiveDuration,
    about: "How long the server may say nothing before a connection is taken for lost.",
    default: "10s",
  },
};

type DurationName =
  | "lease"
  | "poll"
  | "dedupeWindow"
  | "keepEvents"
  | "keepDeadLetters"
  | "reconnectMax"
  | "busyMax"
  | "answerMax";

const SWEEP_MAX_MS = 5_000;

/** Throws a `TypeError` that lists every fault. */
export function settingsOf(options: PostgresOptions): Settings {
  const faults = checkOptions("postgres", options, postgresOptions);
  refuse(faults.length > 0 ? faults : placeFaults(options));
  const { url, pool, schema = SCHEMA, survives = "power", connections = CONNECTIONS } = options;
  const ms = (name: DurationName): number =>
    toMs(options[name] ?? (postgresOptions[name]!.default as Duration), `postgres.${name}`);
  const leaseMs = ms("lease");
  return Object.freeze({
    url,
    pool,
    schema,
    prefix: prefixOf(schema),
    survives,
    connections,
    transactions: options.transactions ?? Math.max(1, Math.min(TRANSACTIONS, roomOf(pool) - CONNECTIONS)),
    leaseMs,
    sweepMs: Math.min(SWEEP_MAX_MS, leaseMs / 2),
    pollMs: ms("poll"),
    dedupeWindowMs: ms("dedupeWindow"),
    keepEventsMs: ms("keepEvents"),
    keepDeadLettersMs: ms("keepDeadLetters"),
    reconnectMaxMs: ms("reconnectMax"),
    busyMaxMs: ms("busyMax"),
    answerMaxMs: ms("answerMax"),
  });
}

function placeFaults({ url, pool, transactions = 0 }: PostgresOptions): string[] {
  if (url !== undefined && pool !== undefined) return [ONE];
  const needed = CONNECTIONS + transactions;
  return roomOf(pool) < needed ? [tooSmall(roomOf(pool), needed)] : [];
}

/* How many connections a pool that is lent has; endless where it does not say. */
function roomOf(pool: PostgresPool | undefined): number {
  return pool?.options?.max ?? Infinity;
}

function tooSmall(room: number, needed: number): string {
  return `Expected \`postgres.pool\` to have ${needed} connections, four and one for each of \`transactions\`, got ${room}.`;
}

const ONE = "Expected `postgres` to have `url` or `pool`, not both: a pool knows where its server is.";

function prefixOf(schema: string): string {
  return `"${schema}".`;
}

/** The prefix of a plan; a `TypeError` where its schema is none. */
export function checkedSchema(options: { readonly schema?: string | undefined }): string {
  refuse(checkOptions("plan", options, { schema: postgresOptions["schema"]! }));
  return options.schema ?? SCHEMA;
}
