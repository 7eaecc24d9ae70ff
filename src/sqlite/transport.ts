/** A transport on a SQLite database: the queue is a table, and what is accepted survives the process. */
import type { Host } from "../runtime/host.js";
import { refuse } from "../runtime/options.js";
import { processRuntime } from "../runtime/runtime.js";
import type {
  Features,
  Group,
  Item,
  Settlement,
  Sink,
  Transport,
  TransportTransaction,
  WireEnvelope,
} from "../transport/transport.js";
import { ownerOf } from "./attendance.js";
import { Claims } from "./claims.js";
import { Commits, doEach, type JobOptions, type Kind } from "./commits.js";
import { another, connect, Connection } from "./connection.js";
import { Consuming, type Session } from "./consuming.js";
import { isBusy, storeError } from "./faults.js";
import type { KnownGroup } from "./groups.js";
import { hintsOf } from "./hints.js";
import { type Held, Holdings } from "../transport/holdings.js";
import { earliestFaults, storeFeatures } from "../transport/store-features.js";
import { type Settings, settingsOf, type SqliteOptions } from "./options.js";
import { Joined } from "./joined.js";
import { migrate } from "./schema.js";
import { type Settling, writeSettlement } from "./settling.js";
import { SqliteStore } from "./store.js";
import { type Tables, tablesOf } from "./tables.js";
import { Transactions } from "./transactions.js";

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
  readonly #transactions: Transactions;
  readonly #joined: Joined = new Joined();
  #host: Host = processRuntime.host;
  #session: Session | undefined;

  constructor(options: SqliteOptions) {
    const settings = settingsOf(options);
    const tables = tablesOf(settings);
    this.#settings = settings;
    this.#tables = tables;
    const { synchronous, leaseMs, dedupeWindowMs } = settings;
    const survives = synchronous === "full" ? "power" : "process";
    this.features = storeFeatures({ survives, leaseMs, dedupeWindowMs, bodyBytesMax: BODY_MAX });
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
      isHeld: () => this.#transactions.isOpen,
    });
    this.#transactions = new Transactions({
      host: () => this.#host,
      busyMaxMs: settings.busyMaxMs,
      connect: () => another(this.#open.db, settings),
      ended: (helds, isCommitted) => this.#ended(helds, isCommitted),
    });
    this.store = new SqliteStore({
      tables,
      now: () => this.#host.now(),
      holder: this.#host.idPrefix(),
      db: () => this.#open.db,
      write: (work, transaction) => this.#do(work, transaction),
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
    this.#transactions.close();
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

  faults(group: Group): readonly string[] {
    return earliestFaults(group, "sqlite", this.#settings.keepEventsMs);
  }

  async declare(group: Group): Promise<void> {
    refuse(this.faults(group));
    this.#claims.isAsked = true; // whoever has a group is known before that is made
    let known: KnownGroup | undefined;
    do known = await this.#do((db) => this.#declare(db, group));
    while (known === undefined);
    this.#claims.know(group, known.id);
  }

  credit(group: string, more: number): void {
    if (this.#session === undefined || !this.#claims.credit(group, more)) return;
    this.#commits.soon();
  }

  // ── Deliveries ────────────────────────────────────────────────────────────────────────────────────────────────

  async send(batch: readonly WireEnvelope[], how: SendOptions = {}): Promise<Answers> {
    const { signal, transaction } = how;
    signal?.throwIfAborted();
    return this.#write(this.#sends, batch, transaction, { signal });
  }

  settle(
    item: Item,
    settlement: Settlement,
    how: { transaction?: unknown } = {},
  ): "stale" | Promise<"settled" | "stale"> {
    const held = this.#session && this.#holdings.take(item);
    if (held === undefined) return "stale";
    const written = this.#write(this.#settles, { held, settlement }, how.transaction, { isVital: true });
    const begun = this.#transactions.of(how.transaction);
    if (begun !== undefined) begun.settles(held);
    if (begun !== undefined) return written;
    return written.finally(() => this.#holdings.settled(held));
  }

  /** Its client is a connection of its own, which is closed with it; the write lock is held until then. */
  begin({ signal }: { signal?: AbortSignal } = {}): Promise<TransportTransaction> {
    return this.#transactions.begin(signal);
  }

  // ── Inside ────────────────────────────────────────────────────────────────────────────────────────────────────

  get #open(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new TypeError("The SQLite transport is not open. Start its bus first.");
  }

  /* All that is published within a turn, in one go. */
  readonly #sends: Kind<readonly WireEnvelope[], Answers> = (db, batches) => {
    const answers = this.#tables.envelopes.send(db, batches.flat(), this.#host.now());
    let at = 0;
    return batches.map(({ length }) => answers.slice(at, (at += length)));
  };

  readonly #settles: Kind<Settling, "settled" | "stale"> = (db, settlings) => {
    const now = this.#host.now();
    return settlings.map((settling) => writeSettlement(db, this.#tables, settling, now));
  };

  #do<T>(work: (db: Connection) => T, transaction?: unknown): Promise<T> {
    return this.#write<(db: Connection) => T, T>(doEach, work, transaction);
  }

  /* Within the application's transaction nothing waits: what it writes then is not there before that is committed. */
  async #write<Entry, Answer>(
    kind: Kind<Entry, Answer>,
    entry: Entry,
    transaction?: unknown,
    how: JobOptions = {},
  ): Promise<Answer> {
    const { db } = this.#open;
    if (transaction === undefined) return this.#commits.add(kind, entry, how);
    const joined = this.#joined.of(transaction, db, this.#transactions.of(transaction)?.connection);
    try {
      const [answer] = kind(joined, [entry]) as [Answer];
      this.#claims.wake();
      return answer;
    } catch (error) {
      throw storeError(error);
    }
  }

  #ended(helds: readonly Held[], isCommitted: boolean): void {
    for (const held of helds) this.#holdings[isCommitted ? "settled" : "unsettled"](held);
    this.#commits.goOn();
    if (isCommitted) this.#consuming.wake();
    if (isCommitted) this.#session?.hints.give();
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

  /* Undefined where this process is no consumer yet, or not any more: the end of the transaction makes it one. */
  #declare(db: Connection, group: Group): KnownGroup | undefined {
    const { groups, attendance, envelopes } = this.#tables;
    const consumer = attendance.present(db);
    // What is sent from this transaction on is for a group that is shared, whoever will consume it.
    if (consumer === undefined && group.audience === "each") return undefined;
    const known = groups.declare(db, group, { consumer, owner: ownerOf(group, consumer ?? 0) });
    if (known.isNew && group.start === "earliest")
      envelopes.giveEarliest(db, known.id, group.events, this.#host.now());
    return consumer === undefined ? undefined : known;
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
