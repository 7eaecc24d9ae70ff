/** A transport on a PostgreSQL server: the queue is a table, and what is accepted survives the process. */
import type { Host } from "../runtime/host.js";
import { refuse } from "../runtime/options.js";
import { processRuntime } from "../runtime/runtime.js";
import { type Held, Holdings } from "../transport/holdings.js";
import { earliestFaults, storeFeatures } from "../transport/store-features.js";
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
import { Commits, type Written } from "./commits.js";
import { type Connection, type Database, Desk } from "./connection.js";
import { Consuming, type Session } from "./consuming.js";
import { checkServer } from "./durability.js";
import { storeError, tried } from "./faults.js";
import type { KnownGroup } from "./groups.js";
import { Hints } from "./hints.js";
import { Joined } from "./joined.js";
import { Link } from "./link.js";
import { type PostgresOptions, type Settings, settingsOf } from "./options.js";
import { closeAll, databasesOf } from "./pools.js";
import { migrate } from "./schema.js";
import { writeSettlements } from "./settling.js";
import { PostgresStore } from "./store.js";
import { type Tables, tablesOf } from "./tables.js";
import { checkTexts } from "./texts.js";
import { Transactions } from "./transactions.js";

/* A field has a gigabyte at most, and on its way the body is text of two characters a byte. */
const BODY_MAX = 250_000_000;

type Answers = readonly ("accepted" | "duplicate")[];

export class PostgresTransport implements Transport {
  readonly features: Features;
  readonly store: PostgresStore;
  readonly #settings: Settings;
  readonly #tables: Tables;
  readonly #holdings: Holdings = new Holdings();
  readonly #claims: Claims;
  readonly #link: Link;
  readonly #hints: Hints;
  readonly #sends: Commits<readonly WireEnvelope[], Answers>;
  readonly #consuming: Consuming;
  readonly #transactions: Transactions;
  readonly #joined: Joined = new Joined();
  #host: Host = processRuntime.host;
  #session: Session | undefined;

  constructor(options: PostgresOptions) {
    const settings = settingsOf(options);
    const host = (): Host => this.#host;
    this.#settings = settings;
    this.#tables = tablesOf(settings);
    this.features = storeFeatures({ ...settings, bodyBytesMax: BODY_MAX });
    this.#claims = new Claims(this.#tables);
    this.#link = new Link({
      host,
      pauseMaxMs: settings.reconnectMaxMs,
      changed: (state, error) => this.#session?.sink.changed(state, error),
    });
    const link = this.#link;
    const { schema, answerMaxMs: beatMs } = settings;
    this.#hints = new Hints({ host, link, schema, beatMs, hear: () => this.#consuming.wake() });
    const { tables, claims, holdings, hints } = this.#rooms;
    this.#consuming = new Consuming({ host, link, settings, tables, claims, holdings, hints });
    this.#sends = new Commits<readonly WireEnvelope[], Answers>({
      host,
      link,
      isVital: false,
      busyMaxMs: settings.busyMaxMs,
      isAsked: () => false,
      linesOf: (batch) =>
        batch.flatMap(({ id, key }) => (key === undefined ? [`id ${id}`] : [`id ${id}`, `key ${key}`])),
      write: (batches, lockMaxMs) => this.#send(batches, lockMaxMs),
    });
    const ended = (helds: readonly Held[], isCommitted: boolean): void => this.#ended(helds, isCommitted);
    this.#transactions = new Transactions({ host, link, settings, ended });
    this.store = this.#makeStore();
  }

  /** Its timers and its chance come from here; what time it is, the server says. Defaults to the process's. */
  runOn(host: Host): this {
    this.#host = host;
    return this;
  }

  // ── Its life ──────────────────────────────────────────────────────────────────────────────────────────────────

  async open(sink: Sink): Promise<void> {
    const databases = await databasesOf(this.#settings, () => this.#host);
    const database = databases.own;
    try {
      await database.use((db) => checkServer(db, this.#settings));
      await migrate(database.patient, this.#settings.schema);
      await this.#hints.open(database);
    } catch (error) {
      await closeAll(databases);
      throw storeError(error);
    }
    this.#session = { database, desk: new Desk(database), sink, close: () => closeAll(databases) };
    this.#transactions.open(databases);
    this.#consuming.open(this.#session);
    this.#sends.open();
  }

  stop(): void {
    this.#consuming.stop();
  }

  async close(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.stop();
    await this.#transactions.close();
    await Promise.all([this.#sends.close(), this.#consuming.flush()]);
    await this.#leave(session.database);
    this.#session = undefined;
    this.#consuming.close();
    this.#claims.clear();
    this.#holdings.dropAll();
    this.#hints.close();
    this.#link.reset();
    await session.close();
  }

  // ── Groups ────────────────────────────────────────────────────────────────────────────────────────────────────

  faults(group: Group): readonly string[] {
    return earliestFaults(group, "postgres", this.#settings.keepEventsMs);
  }

  async declare(group: Group): Promise<void> {
    refuse(this.faults(group));
    const { database } = this.#open;
    const writer = group.start === "earliest" ? database.patient : database; // there may be many events
    const declare = (db: Connection): Promise<KnownGroup | undefined> => this.#declare(db, group);
    let known: KnownGroup | undefined;
    while ((known = await tried(() => writer.transaction(declare))) === undefined)
      await this.#consuming.attend();
    this.#claims.know(group, known.id);
  }

  credit(group: string, more: number): void {
    if (this.#session === undefined) return;
    this.#claims.credit(group, more);
    this.#consuming.hunger();
  }

  // ── Deliveries ────────────────────────────────────────────────────────────────────────────────────────────────

  async send(batch: readonly WireEnvelope[], how: SendOptions = {}): Promise<Answers> {
    const { signal, transaction } = how;
    signal?.throwIfAborted();
    void this.#open;
    for (const wire of batch) checkTexts(wire);
    if (transaction === undefined) return this.#sends.add(batch, signal);
    return this.#within(async (db) => (await this.#tables.envelopes.send(db, batch)).answers, transaction);
  }

  settle(
    item: Item,
    settlement: Settlement,
    how: { transaction?: unknown } = {},
  ): "stale" | Promise<"settled" | "stale"> {
    const held = this.#session && this.#holdings.take(item);
    if (held === undefined) return "stale";
    const settling = { held, settlement };
    const { transaction } = how;
    const written =
      transaction === undefined
        ? this.#consuming.settle(settling)
        : this.#within(async (db) => (await writeSettlements(db, this.#tables, [settling]))[0]!, transaction);
    const begun = this.#transactions.of(transaction);
    if (begun === undefined) return written.finally(() => this.#holdings.settled(held));
    begun.settles(held);
    return written;
  }

  /** Its client is a connection of a pool, as its work sees it: until its end. The isolation is the server's default. */
  begin({ signal }: { signal?: AbortSignal } = {}): Promise<TransportTransaction> {
    void this.#open;
    return this.#transactions.begin(signal);
  }

  // ── Inside ────────────────────────────────────────────────────────────────────────────────────────────────────

  get #open(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new TypeError("The PostgreSQL transport is not open. Start its bus first.");
  }

  get #rooms() {
    const [tables, claims, holdings, hints] = [this.#tables, this.#claims, this.#holdings, this.#hints];
    return { tables, claims, holdings, hints };
  }

  #makeStore(): PostgresStore {
    return new PostgresStore({
      tables: this.#tables,
      holder: this.#host.idPrefix(),
      use: (work) => this.#use(work),
      write: (work, transaction) => this.#write(work, transaction),
      wake: () => this.#woken(),
      removed: (group) => this.#removed(group),
    });
  }

  async #send(batches: readonly (readonly WireEnvelope[])[], lockMaxMs: number): Promise<Written<Answers>> {
    const all = batches.flat();
    const { envelopes, attendance } = this.#tables;
    const how = { consumer: attendance.id, lockMaxMs };
    const { answers, isForOthers } = await envelopes.sendOn(this.#open.database, all, how);
    this.#consuming.wake();
    if (isForOthers) this.#hints.give();
    let from = 0;
    return { answers: batches.map(({ length }) => answers.slice(from, (from += length))) };
  }

  async #use<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    const { database } = this.#open;
    return tried(() => database.use(work));
  }

  async #write<T>(work: (db: Connection) => Promise<T>, transaction?: unknown): Promise<T> {
    const { database } = this.#open;
    if (transaction === undefined) return tried(() => database.transaction(work));
    return this.#within(work, transaction);
  }

  /* Within a transaction that was begun here, or one of the application, who has others hear of it when it commits. */
  async #within<T>(work: (db: Connection) => Promise<T>, transaction: unknown): Promise<T> {
    const begun = this.#transactions.of(transaction);
    const told = async (db: Connection): Promise<T> => {
      const answer = await work(db);
      await db.run(Hints.sqlOf(this.#settings.schema));
      return answer;
    };
    try {
      return await (begun === undefined ? this.#joined.do(transaction, told) : begun.do(work));
    } catch (error) {
      throw storeError(error);
    }
  }

  #ended(helds: readonly Held[], isCommitted: boolean): void {
    for (const held of helds) this.#holdings[isCommitted ? "settled" : "unsettled"](held);
    if (isCommitted && this.#session !== undefined) this.#woken();
  }

  /* Undefined where this process is no consumer yet, or not any more. */
  async #declare(db: Connection, group: Group): Promise<KnownGroup | undefined> {
    const { groups, attendance, envelopes } = this.#tables;
    const consumer = await attendance.present(db);
    // What is sent from this transaction on is for a group that is shared, whoever will consume it.
    if (consumer === undefined && group.audience === "each") return undefined;
    const known = await groups.declare(db, group, { consumer, owner: ownerOf(group, consumer ?? 0) });
    if (known.isNew && group.start === "earliest")
      await envelopes.giveEarliest(db, known.id, group.events, group.order !== "none");
    return consumer === undefined ? undefined : known;
  }

  /* Best effort: whoever cannot say good-bye is given up when its lease has run out. */
  async #leave(database: Database): Promise<void> {
    const { attendance } = this.#tables;
    const isThere = attendance.id !== undefined;
    if (isThere) await tried(() => database.transaction((db) => attendance.leave(db))).catch(() => undefined);
    attendance.left();
    if (isThere) this.#hints.give();
  }

  /* Somebody here may take it, or somebody elsewhere. */
  #woken(): void {
    this.#consuming.wake();
    this.#hints.give();
  }

  #removed(group: string): void {
    const items = this.#holdings.itemsOf(group);
    this.#holdings.drop(items);
    for (const item of items) this.#session?.sink.lost(item, "removed");
  }
}

type SendOptions = NonNullable<Parameters<Transport["send"]>[1]>;
