/** A transport on a PostgreSQL server: the queue is a table, and what is accepted survives the process. */
import type { Host } from "../runtime/host.js";
import { show } from "../runtime/options.js";
import { processRuntime } from "../runtime/runtime.js";
import { Holdings } from "../transport/holdings.js";
import type {
  Features,
  Group,
  Item,
  Settlement,
  Sink,
  Transport,
  WireEnvelope,
} from "../transport/transport.js";
import { ownerOf } from "./attendance.js";
import { Claims } from "./claims.js";
import { Commits, type Written } from "./commits.js";
import type { PostgresClient } from "./client.js";
import { Connection, type Database, databaseOf, Desk } from "./connection.js";
import { Consuming, type Session } from "./consuming.js";
import { checkServer } from "./durability.js";
import { isBusy, storeError } from "./faults.js";
import type { KnownGroup } from "./groups.js";
import { Hints } from "./hints.js";
import { Link } from "./link.js";
import { type PostgresOptions, type Settings, settingsOf } from "./options.js";
import { migrate } from "./schema.js";
import { writeSettlements } from "./settling.js";
import { PostgresStore } from "./store.js";
import { type Tables, tablesOf } from "./tables.js";

/* A field has a gigabyte at most, and on its way the body is text of two characters a byte. */
const BODY_MAX = 250_000_000;
const TRIES = 10;

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
  #host: Host = processRuntime.host;
  #session: Session | undefined;

  constructor(options: PostgresOptions) {
    const settings = settingsOf(options);
    const host = (): Host => this.#host;
    this.#settings = settings;
    this.#tables = tablesOf(settings);
    this.features = featuresOf(settings);
    this.#claims = new Claims(this.#tables);
    this.#link = new Link({
      host,
      pauseMaxMs: settings.reconnectMaxMs,
      changed: (state, error) => this.#session?.sink.changed(state, error),
    });
    const link = this.#link;
    this.#hints = new Hints({ host, link, schema: settings.schema, hear: () => this.#consuming.wake() });
    const { tables, claims, holdings, hints } = this.#rooms;
    this.#consuming = new Consuming({ host, link, settings, tables, claims, holdings, hints });
    this.#sends = new Commits<readonly WireEnvelope[], Answers>({
      host,
      link,
      isVital: false,
      isAsked: () => false,
      write: (batches) => this.#send(batches),
    });
    this.store = this.#makeStore();
  }

  /** Its timers and its chance come from here; what time it is, the server says. Defaults to the process's. */
  runOn(host: Host): this {
    this.#host = host;
    return this;
  }

  // ── Its life ──────────────────────────────────────────────────────────────────────────────────────────────────

  async open(sink: Sink): Promise<void> {
    const database = await databaseOf(this.#settings);
    try {
      await database.use((db) => checkServer(db, this.#settings));
      await migrate(database, this.#settings.schema);
      await this.#hints.open(database);
    } catch (error) {
      await database.close();
      throw storeError(error);
    }
    this.#session = { database, desk: new Desk(database), sink };
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
    await Promise.all([this.#sends.close(), this.#consuming.flush()]);
    await this.#leave(session.database);
    this.#session = undefined;
    this.#consuming.close();
    this.#claims.clear();
    this.#holdings.dropAll();
    this.#hints.close();
    this.#link.reset();
    await session.database.close();
  }

  // ── Groups ────────────────────────────────────────────────────────────────────────────────────────────────────

  async declare(group: Group): Promise<void> {
    if (group.start === "earliest" && this.#settings.keepEventsMs === 0) throw new TypeError(noEvents(group));
    let known: KnownGroup | undefined;
    while ((known = await this.#write((db) => this.#declare(db, group))) === undefined)
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
    if (transaction === undefined) return this.#sends.add(batch, signal);
    return this.#joined(async (db) => (await this.#tables.envelopes.send(db, batch)).answers, transaction);
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
        : this.#joined(async (db) => (await writeSettlements(db, this.#tables, [settling]))[0]!, transaction);
    return written.finally(() => this.#holdings.settled(held));
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

  async #send(batches: readonly (readonly WireEnvelope[])[]): Promise<Written<Answers>> {
    const all = batches.flat();
    const { envelopes, attendance } = this.#tables;
    const { answers, isForOthers } = await envelopes.sendOn(this.#open.database, all, attendance.id);
    this.#consuming.wake();
    if (isForOthers) this.#hints.give();
    let from = 0;
    return { answers: batches.map(({ length }) => answers.slice(from, (from += length))) };
  }

  async #use<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    const { database } = this.#open;
    return this.#tried(() => database.use(work));
  }

  async #write<T>(work: (db: Connection) => Promise<T>, transaction?: unknown): Promise<T> {
    const { database } = this.#open;
    if (transaction === undefined) return this.#tried(() => database.transaction(work));
    return work(await joined(transaction)).catch((error: unknown) => {
      throw storeError(error);
    });
  }

  /* Others hear of it when the application has committed. */
  #joined<T>(work: (db: Connection) => Promise<T>, transaction: unknown): Promise<T> {
    return this.#write(async (db) => {
      const answer = await work(db);
      await db.run(Hints.sqlOf(this.#settings.schema));
      return answer;
    }, transaction);
  }

  /* Where two get in each other's way one of them is told to come again. */
  async #tried<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++)
      try {
        return await work();
      } catch (error) {
        if (!isBusy(error) || tries === TRIES) throw storeError(error);
      }
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
    if (isThere)
      await this.#tried(() => database.transaction((db) => attendance.leave(db))).catch(() => undefined);
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

/* Without values the statement has a message of its own, so that its time is that of its transaction, if it is alone. */
const IS_OPEN = "SELECT now() <> statement_timestamp() AS is_open";
const NO_TRANSACTION =
  "The client that was given as `transaction` has none open. Begin one, and commit it when the work is done.";

async function joined(transaction: unknown): Promise<Connection> {
  const client = transaction as PostgresClient;
  if (typeof client?.query !== "function")
    throw new TypeError(`Expected \`transaction\` to be a client of pg, got ${show(transaction)}.`);
  const { rows } = await client.query({ text: IS_OPEN });
  if ((rows[0] as { is_open: unknown }).is_open !== true) throw new TypeError(NO_TRANSACTION);
  return new Connection(client);
}

function featuresOf({ survives, leaseMs, dedupeWindowMs }: Settings): Features {
  return Object.freeze({
    survives,
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
  return `${name} begins with the earliest event, and none are kept. Give postgres() \`keepEvents\`, or begin "now".`;
}
