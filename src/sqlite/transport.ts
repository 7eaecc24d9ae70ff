/** A transport on a SQLite database: the queue is a table, and what is accepted survives the process. */
import type { DatabaseSync } from "node:sqlite";

import { show } from "../runtime/options.js";
import type { Host } from "../runtime/host.js";
import { processRuntime } from "../runtime/runtime.js";
import type {
  Features,
  Group,
  Item,
  Settlement,
  Sink,
  Transport,
  WireEnvelope,
} from "../transport/transport.js";
import { consumerOf } from "./attendance.js";
import { Claims } from "./claims.js";
import { Commits } from "./commits.js";
import { connect, Connection } from "./connection.js";
import { Consuming, type Session } from "./consuming.js";
import { isBusy, storeError } from "./faults.js";
import type { KnownGroup } from "./groups.js";
import { hintsOf } from "./hints.js";
import { Holdings } from "../transport/holdings.js";
import { type Settings, settingsOf, type SqliteOptions } from "./options.js";
import { migrate } from "./schema.js";
import { writeSettlement } from "./settling.js";
import { SqliteStore } from "./store.js";
import { type Tables, tablesOf } from "./tables.js";

/* SQLite's own limit for a row, less what is in it beside the body. */
const BODY_MAX = 999_000_000;
const RETRY_MS = 10;

type Answers = readonly ("accepted" | "duplicate")[];

export class SqliteTransport implements Transport {
  readonly features: Features;
  readonly store: SqliteStore;
  readonly #settings: Settings;
  readonly #tables: Tables;
  readonly #holdings: Holdings = new Holdings();
  readonly #claims: Claims;
  readonly #commits: Commits;
  readonly #consuming: Consuming;
  /* Of the applications' connections that transactions came with. */
  readonly #joined = new WeakMap<DatabaseSync, Connection>();
  #host: Host = processRuntime.host;
  #session: Session | undefined;

  constructor(options: SqliteOptions) {
    const settings = settingsOf(options);
    const tables = tablesOf(settings);
    this.#settings = settings;
    this.#tables = tables;
    this.features = featuresOf(settings);
    this.#claims = new Claims(tables.places, tables.inbox);
    this.#consuming = new Consuming({
      settings,
      tables,
      host: () => this.#host,
      claims: this.#claims,
      holdings: this.#holdings,
      soon: () => this.#commits.soon(),
    });
    this.#commits = new Commits({
      host: () => this.#host,
      busyMaxMs: settings.busyMaxMs,
      closing: (jobs) => this.#consuming.closing(jobs),
      flushed: () => this.#consuming.flushed(),
      changed: (state, error) => this.#session?.sink.changed(state, error),
    });
    this.store = new SqliteStore({
      tables,
      now: () => this.#host.now(),
      holder: this.#host.idPrefix(),
      db: () => this.#open.db,
      write: (work, transaction) => this.#write(work, transaction),
      removed: (group) => this.#removed(group),
    });
  }

  /** Its time and its chance come from here. Defaults to the process's. */
  runOn(host: Host): this {
    this.#host = host;
    return this;
  }

  // ── Its life ──────────────────────────────────────────────────────────────────────────────────────────────────

  async open(sink: Sink): Promise<void> {
    const db = await this.#connected();
    const hints = hintsOf(db.file, this.#settings.prefix, () => this.#consuming.wake());
    this.#session = { db, sink, hints };
    this.#consuming.open(this.#session);
    this.#commits.open(db);
  }

  stop(): void {
    this.#consuming.stop();
  }

  async close(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.stop();
    await this.#commits.close();
    await this.#leave(session.db);
    this.#session = undefined;
    this.#consuming.close();
    this.#claims.clear();
    this.#holdings.dropAll();
    session.hints.close();
    session.db.close();
  }

  // ── Groups ────────────────────────────────────────────────────────────────────────────────────────────────────

  async declare(group: Group): Promise<void> {
    if (group.start === "earliest" && this.#settings.keepEventsMs === 0) throw new TypeError(noEvents(group));
    if (group.audience === "each") await this.#register();
    const { groups, attendance } = this.#tables;
    const known = (db: Connection) => groups.find(db, group, consumerOf(group, attendance.id));
    const found = known(this.#open.db) ?? (await this.#write((db) => known(db) ?? this.#declare(db, group)));
    this.#claims.know(group, found.id);
    if (attendance.id !== undefined) await this.#write((db) => groups.join(db, attendance.id!, found.id));
  }

  credit(group: string, more: number): void {
    if (this.#session === undefined || !this.#claims.credit(group, more)) return;
    this.#commits.soon();
  }

  // ── Deliveries ────────────────────────────────────────────────────────────────────────────────────────────────

  async send(batch: readonly WireEnvelope[], how: SendOptions = {}): Promise<Answers> {
    const { signal, transaction } = how;
    signal?.throwIfAborted();
    const send = (db: Connection): Answers =>
      batch.map((envelope) => this.#tables.envelopes.send(db, envelope, this.#host.now()));
    return this.#write(send, transaction, { signal });
  }

  settle(
    item: Item,
    settlement: Settlement,
    how: { transaction?: unknown } = {},
  ): "stale" | Promise<"settled" | "stale"> {
    const held = this.#session && this.#holdings.take(item);
    if (held === undefined) return "stale";
    const write = (db: Connection): "settled" | "stale" =>
      writeSettlement(db, this.#tables, held, { settlement, now: this.#host.now() });
    const written = this.#write(write, how.transaction, { isVital: true });
    return written.finally(() => this.#holdings.settled(held));
  }

  // ── Inside ────────────────────────────────────────────────────────────────────────────────────────────────────

  get #open(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new TypeError("The SQLite transport is not open. Start its bus first.");
  }

  /* Within the application's transaction nothing waits: what it writes then is not there before that is committed. */
  async #write<T>(
    work: (db: Connection) => T,
    transaction?: unknown,
    how: { isVital?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const { db } = this.#open;
    if (transaction === undefined) return this.#commits.add(work, how);
    const joined = this.#joinedOf(transaction, db);
    try {
      const answer = work(joined);
      this.#claims.wake();
      return answer;
    } catch (error) {
      throw storeError(error);
    }
  }

  #joinedOf(transaction: unknown, own: Connection): Connection {
    const database = transaction as DatabaseSync;
    if (typeof database?.prepare !== "function")
      throw new TypeError(
        `Expected \`transaction\` to be a DatabaseSync of node:sqlite, got ${show(transaction)}.`,
      );
    const known = this.#joined.get(database) ?? new Connection(database, true);
    this.#joined.set(database, known);
    if (known.file !== own.file) throw new TypeError(OTHER_FILE);
    if (!known.isInTransaction) throw new TypeError(NO_TRANSACTION);
    return known;
  }

  async #connected(): Promise<Connection> {
    const until = this.#host.monotonic() + this.#settings.busyMaxMs;
    for (;;)
      try {
        return this.#connectNow();
      } catch (error) {
        if (!isBusy(error) || this.#host.monotonic() >= until) throw storeError(error);
        await new Promise<void>((resolve) => void this.#host.timer(resolve, RETRY_MS * this.#host.random()));
      }
  }

  #connectNow(): Connection {
    const db = connect(this.#settings);
    try {
      migrate(db, this.#settings.prefix);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /* Whoever has a group of its own is known before that is made. */
  async #register(): Promise<void> {
    this.#claims.isAsked = true;
    while (this.#tables.attendance.id === undefined) await this.#write(() => undefined);
  }

  #declare(db: Connection, group: Group): KnownGroup {
    const { groups, attendance, envelopes } = this.#tables;
    const known = groups.declare(db, group, consumerOf(group, attendance.id));
    if (known.isNew && group.start === "earliest")
      envelopes.giveEarliest(db, known.id, group.events, this.#host.now());
    return known;
  }

  /* Best effort: whoever cannot say good-bye is given up when its lease has run out. */
  async #leave(db: Connection): Promise<void> {
    const { attendance } = this.#tables;
    for (let tries = 0; attendance.id !== undefined && tries < 50; tries++)
      try {
        db.immediate(() => attendance.leave(db));
        attendance.left();
      } catch (error) {
        if (!isBusy(error)) break;
        await new Promise<void>((resolve) => void this.#host.timer(resolve, RETRY_MS));
      }
    attendance.left();
  }

  #removed(group: string): void {
    const items = this.#holdings.itemsOf(group);
    this.#holdings.drop(items);
    for (const item of items) this.#session?.sink.lost(item, "removed");
  }
}

type SendOptions = NonNullable<Parameters<Transport["send"]>[1]>;

const OTHER_FILE =
  "The transaction is on another database than the SQLite transport. Publish within one on the same file.";
const NO_TRANSACTION =
  "The connection that was given as `transaction` has none open. Begin one, and commit it when the work is done.";

function featuresOf({ synchronous, leaseMs, dedupeWindowMs }: Settings): Features {
  return Object.freeze({
    survives: synchronous === "full" ? "power" : "process",
    serialises: true,
    holds: "store",
    order: "key",
    counts: "failures",
    fenced: true,
    leaseMs,
    retryAfterMaxMs: Infinity,
    dueMaxMs: Infinity,
    priorities: 8,
    dedupeWindowMs,
    bodyBytesMax: BODY_MAX,
    transactions: true,
  });
}

function noEvents({ name }: Group): string {
  return `${name} begins with the earliest event, and none are kept. Give sqlite() \`keepEvents\`, or begin "now".`;
}
