/** The options of a SQLite transport, checked, with their defaults filled in. */
import type { DatabaseSync } from "node:sqlite";

import { type Duration, toMs } from "../runtime/duration.js";
import {
  checkOptions,
  duration,
  isObject,
  oneOf,
  type OptionTable,
  positiveDuration,
  refuse,
  rule,
  string,
} from "../runtime/options.js";

export interface SqliteOptions {
  /** The file of the database, made where there is none. Either this or `database`. */
  path?: string | undefined;
  /** A connection of the application, in WAL mode; it is never closed, and its settings are checked, not changed. */
  database?: DatabaseSync | undefined;
  /** What the names of all tables begin with. Defaults to `"signalbox_"`. */
  prefix?: string | undefined;
  /**
   * When `publish` resolves: `"full"`, once the disk has it, so that a power loss loses nothing; `"normal"`, once the
   * system has it, so that the loss of the process loses nothing. Defaults to `"full"`.
   */
  synchronous?: "full" | "normal" | undefined;
  /** How long a process that is silent keeps what it was handed. Defaults to `"30s"`. */
  lease?: Duration | undefined;
  /** How often is looked for what other processes have written. Defaults to `"100ms"`. */
  poll?: Duration | undefined;
  /** How long a second publish with the same id is a duplicate; 0: never. Defaults to `"2m"`. */
  dedupeWindow?: Duration | undefined;
  /** How long events are kept for new groups that begin with the earliest; 0: not at all. Defaults to 0. */
  keepEvents?: Duration | undefined;
  /** How long dead letters are kept. Defaults to `"30d"`. */
  keepDeadLetters?: Duration | undefined;
  /** How long a write waits while others write. Defaults to `"10s"`. */
  busyMax?: Duration | undefined;
}

/** The options as the rooms want them: milliseconds, nothing absent but the one of `path` and `database`. */
export interface Settings {
  readonly path: string | undefined;
  readonly database: DatabaseSync | undefined;
  readonly prefix: string;
  readonly synchronous: "full" | "normal";
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly sweepMs: number;
  readonly dedupeWindowMs: number;
  readonly keepEventsMs: number;
  readonly keepDeadLettersMs: number;
  readonly busyMaxMs: number;
}

/* Names go into SQL as they are. */
const prefixRule = rule(
  "a name of at most 32 letters, digits and underscores that begins with no digit",
  (value) => typeof value === "string" && /^[A-Za-z_][A-Za-z0-9_]{0,31}$/.test(value),
);
const PREFIX = "signalbox_";

/** What `sqlite()` takes. */
export const sqliteOptions: OptionTable = {
  path: { ...string, about: "The file of the database." },
  database: {
    ...rule(
      "a DatabaseSync of node:sqlite",
      (value) => isObject(value) && typeof value["exec"] === "function",
    ),
    about: "A connection of the application.",
  },
  prefix: { ...prefixRule, about: "What the names of all tables begin with.", default: PREFIX },
  synchronous: { ...oneOf("full", "normal"), about: "When publish resolves.", default: "full" },
  lease: { ...positiveDuration, about: "How long a silent process keeps its deliveries.", default: "30s" },
  poll: { ...positiveDuration, about: "How often other processes' writes are looked for.", default: "100ms" },
  dedupeWindow: { ...duration, about: "How long the same id is a duplicate.", default: "2m" },
  keepEvents: { ...duration, about: 'How long events are kept for `start: "earliest"`.', default: 0 },
  keepDeadLetters: { ...positiveDuration, about: "How long dead letters are kept.", default: "30d" },
  busyMax: { ...duration, about: "How long a write waits while others write.", default: "10s" },
};

const SWEEP_MAX_MS = 5_000;

/** Throws a `TypeError` that lists every fault. */
export function settingsOf(options: SqliteOptions): Settings {
  const faults = checkOptions("sqlite", options, sqliteOptions);
  const isOne = (options.path === undefined) !== (options.database === undefined);
  refuse(faults.length > 0 || isOne ? faults : [ONE]);
  const { path, database, prefix = PREFIX, synchronous = "full" } = options;
  const leaseMs = toMs(options.lease ?? "30s", "sqlite.lease");
  return Object.freeze({
    path,
    database,
    prefix,
    synchronous,
    leaseMs,
    sweepMs: Math.min(SWEEP_MAX_MS, leaseMs / 2),
    pollMs: toMs(options.poll ?? "100ms", "sqlite.poll"),
    dedupeWindowMs: toMs(options.dedupeWindow ?? "2m", "sqlite.dedupeWindow"),
    keepEventsMs: toMs(options.keepEvents ?? 0, "sqlite.keepEvents"),
    keepDeadLettersMs: toMs(options.keepDeadLetters ?? "30d", "sqlite.keepDeadLetters"),
    busyMaxMs: toMs(options.busyMax ?? "10s", "sqlite.busyMax"),
  });
}

const ONE =
  "Expected `sqlite` to have either `path` or `database`: a file, or a connection of the application.";

/** The prefix of a plan; a `TypeError` where it is none. */
export function checkedPrefix(options: { readonly prefix?: string | undefined }): string {
  refuse(checkOptions("plan", options, { prefix: sqliteOptions["prefix"]! }));
  return options.prefix ?? PREFIX;
}
