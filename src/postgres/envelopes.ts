/** The envelopes that were sent: kept as long as deliveries need them, and as long as new groups may ask for them. */
import { ENVELOPE, type Row, valuesOf } from "../transport/envelope-rows.js";
import type { WireEnvelope } from "../transport/transport.js";
import { type Connection, type Database, lockLimitFrom, NOW } from "./connection.js";
import type { Settings } from "./options.js";
import type { HeldLine, Line, Lines } from "./lines.js";
import type { Places } from "./places.js";

/** What became of envelopes that were sent. */
export interface Sent {
  readonly answers: readonly ("accepted" | "duplicate")[];
  /** Whether others than the consumer that sent them may take them. */
  readonly isForOthers: boolean;
}

export interface SendHow {
  /** Who sends, where that is a consumer. */
  readonly consumer?: number | undefined;
  /** Of a statement that is alone: how long it waits for a lock. */
  readonly lockMaxMs?: number | undefined;
}

interface Target extends Line {
  /** Which of the envelopes it is for, from 1 up. */
  readonly at: number;
}

const SWEPT_MAX = 5_000;
/* Whoever is giving a new group the earliest events must not lose them meanwhile. */
const GRACE_MS = 60_000;
const TYPES = ["text", "text", "text", "int", "float8", "float8", "text", "bytea"];

export class Envelopes {
  readonly #p: string;
  readonly #places: Places;
  readonly #lines: Lines;
  readonly #windowMs: number;
  readonly #keptMs: number;
  /* Everything before it has been looked at, and is still needed. */
  #sweptTo = 0;

  constructor(settings: Settings, { places, lines }: { places: Places; lines: Lines }) {
    const { prefix, dedupeWindowMs, keepEventsMs } = settings;
    this.#p = prefix;
    this.#places = places;
    this.#lines = lines;
    this.#windowMs = dedupeWindowMs;
    this.#keptMs = keepEventsMs;
  }

  /** As `send` does, in a transaction of its own where one statement is not enough. */
  sendOn(
    database: Database,
    wires: readonly WireEnvelope[],
    { consumer, lockMaxMs }: SendHow,
  ): Promise<Sent> {
    const send = (db: Connection): Promise<Sent> => this.send(db, wires, { consumer });
    const isOneStatement = this.#keptMs === 0 && wires.every(isUnkeyed);
    if (!isOneStatement) return database.transaction(send, { lockMaxMs });
    return database.use((db) => this.send(db, wires, { consumer, lockMaxMs }));
  }

  /** Stores envelopes with a delivery for each group, but those whose id was sent within the window. */
  async send(db: Connection, wires: readonly WireEnvelope[], how: SendHow = {}): Promise<Sent> {
    if (this.#keptMs > 0) await this.#lock(db, "_shared");
    const isUnordered = wires.every(isUnkeyed);
    const rows = await (isUnordered ? this.#sendUnkeyed(db, wires, how) : this.#hold(db, wires, how));
    const fresh = new Set(rows.map(({ at }) => at as number));
    if (!isUnordered) await this.#sendHeld(db, wires, rows);
    return {
      answers: wires.map((_, at) => (fresh.has(at + 1) ? "accepted" : "duplicate")),
      isForOthers: rows[0]?.["is_for_others"] === true,
    };
  }

  /** Stores an envelope for one group, whatever the window says. */
  async again(
    db: Connection,
    wire: WireEnvelope,
    { id, isOrdered }: { id: number; isOrdered: boolean },
  ): Promise<void> {
    const target = { at: 1, groupId: id, key: isOrdered ? (wire.key ?? null) : null };
    await this.#lines.hold(db, [target]);
    await this.#store(db, { wires: [wire], targets: [target], isAgain: true });
  }

  /** Gives a new group the events that are still kept; whoever is sending one is waited for. */
  async giveEarliest(
    db: Connection,
    groupId: number,
    names: readonly string[],
    isOrdered: boolean,
  ): Promise<void> {
    const p = this.#p;
    await this.#lock(db, "");
    // What is due and nobody has admitted yet is given its new number together with its other deliveries.
    await db.run(
      `SELECT 1 FROM ${p}envelopes WHERE due_at IS NOT NULL AND name = ANY ($1::text[]) ORDER BY seq FOR UPDATE`,
      names,
    );
    const kept = `SELECT seq, key, priority, due_at FROM ${p}envelopes
      WHERE NOT is_again AND sent_at > ${NOW} - $2::float8 AND name = ANY ($1::text[])`;
    if (isOrdered) {
      const rows = await db.rows(`SELECT DISTINCT key FROM (${kept}) k`, names, this.#keptMs);
      await this.#lines.hold(
        db,
        rows.map(({ key }) => ({ groupId, key: key as string | null })),
      );
    }
    const source = `(SELECT seq, $3::bigint AS group_id, CASE WHEN $4 THEN key END AS key, priority,
      CASE WHEN due_at > ${NOW} OR ${this.#places.isLater("k.seq")} THEN due_at END AS due FROM (${kept}) k)`;
    const sql = `${this.#places.insertFrom(source)} ON CONFLICT DO NOTHING`;
    await db.run(sql, names, this.#keptMs, groupId, isOrdered);
  }

  /** Not due yet, by id. */
  due(db: Connection, after: string, limit: number): Promise<readonly Row[]> {
    return db.rows(
      `SELECT ${ENVELOPE} FROM ${this.#p}envelopes WHERE due_at IS NOT NULL AND due_at > ${NOW} AND id > $1 COLLATE "C"
        ORDER BY id COLLATE "C" LIMIT $2`,
      after,
      limit,
    );
  }

  /** Moves what is not due yet, or takes it back; false where there is none. */
  async reschedule(db: Connection, id: string, dueAt: number | undefined): Promise<boolean> {
    const p = this.#p;
    const rows = await db.rows(
      `SELECT seq FROM ${p}envelopes WHERE id COLLATE "C" = $1 AND due_at IS NOT NULL
        AND due_at > extract(epoch FROM clock_timestamp()) * 1000 FOR UPDATE`, // the time after a wait for its lock
      id,
    );
    const seqs = rows.map(({ seq }) => seq);
    if (seqs.length === 0) return false;
    if (dueAt === undefined) {
      await db.run(`DELETE FROM ${p}deliveries WHERE envelope = ANY ($1::bigint[])`, seqs);
      await db.run(`DELETE FROM ${p}envelopes WHERE seq = ANY ($1::bigint[])`, seqs);
      await db.run(`DELETE FROM ${p}ids WHERE id = $1`, id);
    } else {
      await db.run(`UPDATE ${p}deliveries SET due_at = $2 WHERE envelope = ANY ($1::bigint[])`, seqs, dueAt);
      await db.run(`UPDATE ${p}envelopes SET due_at = $2 WHERE seq = ANY ($1::bigint[])`, seqs, dueAt);
    }
    return true;
  }

  /** Deletes those that these deliveries were the last to need. */
  async drop(db: Connection, seqs: readonly number[]): Promise<void> {
    if (this.#keptMs > 0 || seqs.length === 0) return;
    const p = this.#p;
    await db.run(
      `DELETE FROM ${p}envelopes WHERE seq = ANY ($1::bigint[]) AND NOT EXISTS (SELECT 1 FROM ${p}deliveries WHERE envelope = seq)`,
      seqs,
    );
  }

  /** Deletes some of those that nobody needs any more; each round goes on where the last one stopped. */
  async sweep(db: Connection): Promise<void> {
    const p = this.#p;
    await db.run(`DELETE FROM ${p}ids WHERE sent_at < ${NOW} - $1::float8`, this.#windowMs);
    const row = await db.row(
      `WITH seen AS MATERIALIZED (SELECT seq, sent_at FROM ${p}envelopes WHERE seq > $1 ORDER BY seq LIMIT ${SWEPT_MAX}),
        gone AS (DELETE FROM ${p}envelopes e USING seen WHERE e.seq = seen.seq AND seen.sent_at < ${NOW} - $2::float8
          AND NOT EXISTS (SELECT 1 FROM ${p}deliveries d WHERE d.envelope = e.seq))
        SELECT max(seq) AS last, count(*) AS looked FROM seen`,
      this.#sweptTo,
      this.#keptMs + GRACE_MS,
    );
    this.#sweptTo = row?.["looked"] === SWEPT_MAX ? (row["last"] as number) : 0;
  }

  /* Answers those that are stored. */
  #sendUnkeyed(db: Connection, wires: readonly WireEnvelope[], how: SendHow): Promise<readonly Row[]> {
    const p = this.#p;
    const asked = `SELECT * FROM unnest(${placesFrom(5)}) WITH ORDINALITY u (${ENVELOPE}, at)`;
    const isKept = this.#keptMs > 0 ? "true" : "EXISTS (SELECT 1 FROM bound b WHERE b.event = f.name)";
    const source = `(SELECT e.seq, b.id AS group_id, NULL::text AS key, e.priority, e.due FROM sent e
      JOIN bound b ON b.event = e.name)`;
    return db.rows(
      `WITH ${this.#freshFrom(asked)},
        sent AS MATERIALIZED (SELECT nextval('${p}numbers') AS seq, o.*, CASE WHEN due_at > ${NOW} THEN due_at END AS due
          FROM (SELECT * FROM fresh f WHERE ${isKept} ORDER BY at) o),
        stored AS (INSERT INTO ${p}envelopes (seq, ${ENVELOPE}, sent_at, is_again) SELECT seq, ${ENVELOPE}, ${NOW}, false FROM sent),
        added AS (${this.#places.insertUnkeyed(source)})
        SELECT at, ${this.#isForOthers} FROM fresh`,
      ...this.#askedBy(wires, how),
      ...columnsOf(wires),
    );
  }

  /* Answers those that are to be stored, each with its groups, whose lines are held. */
  async #hold(db: Connection, wires: readonly WireEnvelope[], how: SendHow): Promise<readonly Row[]> {
    const asked =
      "SELECT * FROM unnest($5::text[], $6::text[], $7::text[]) WITH ORDINALITY u (id, name, key, at)";
    const rows = await db.rows(
      `WITH ${this.#freshFrom(asked)},
        target AS MATERIALIZED (SELECT f.at, b.id AS group_id, CASE WHEN b.is_ordered THEN f.key END AS key FROM fresh f
          JOIN bound b ON b.event = f.name),
        held AS (${this.#lines.holdFrom("target")})
        SELECT at, group_id AS "groupId", target.key, held."isNew", ${this.#isForOthers} FROM fresh LEFT JOIN target USING (at)
          LEFT JOIN held ON held."groupId" = target.group_id AND held.key = target.key ORDER BY 1, 2`,
      ...this.#askedBy(wires, how),
      wires.map(({ id }) => id),
      wires.map(({ name }) => name),
      wires.map(({ key }) => key ?? null),
    );
    await this.#lines.checkEmpty(db, rows as unknown as readonly HeldLine[]);
    return rows;
  }

  async #sendHeld(db: Connection, wires: readonly WireEnvelope[], held: readonly Row[]): Promise<void> {
    const all = held as unknown as readonly Target[];
    const isTarget = ({ groupId }: { groupId: number | null }): boolean => groupId !== null;
    const chosen = [...new Set(all.filter((row) => this.#keptMs > 0 || isTarget(row)).map(({ at }) => at))];
    const places = new Map(chosen.map((at, index) => [at, index + 1]));
    const targets = all.filter(isTarget).map((target) => ({ ...target, at: places.get(target.at)! }));
    const stored = chosen.map((at) => wires[at - 1]!);
    if (stored.length > 0) await this.#store(db, { wires: stored, targets, isAgain: false });
  }

  /*
   * Tables `fresh` of what is asked for, but ids that were sent within the window, and `bound` of the groups of its events,
   * none of which goes before the transaction has ended. Whoever sends the same id at the same moment waits here.
   */
  #freshFrom(asked: string): string {
    const p = this.#p;
    const fresh =
      this.#windowMs === 0
        ? `fresh AS MATERIALIZED (SELECT * FROM asked WHERE $3::float8 = 0)`
        : `first AS (INSERT INTO ${p}ids AS i (id, sent_at) SELECT DISTINCT id, ${NOW} FROM asked, limits ORDER BY 1
            ON CONFLICT (id) DO UPDATE SET sent_at = excluded.sent_at WHERE i.sent_at <= excluded.sent_at - $3::float8 RETURNING id),
          fresh AS MATERIALIZED (SELECT DISTINCT ON (id) * FROM asked WHERE id IN (SELECT id FROM first) ORDER BY id, at)`;
    return `${lockLimitFrom("$4")}, asked AS MATERIALIZED (${asked}), ${fresh},
      bound AS MATERIALIZED (SELECT b.event, g.id, g.is_ordered FROM ${p}bindings b JOIN ${p}groups g ON g.id = b.group_id
        CROSS JOIN limits WHERE b.event = ANY ($1::text[]) ORDER BY g.id FOR KEY SHARE OF g)`;
  }

  /* Whether somebody else consumes one of the groups. */
  get #isForOthers(): string {
    return `EXISTS (SELECT 1 FROM ${this.#p}consuming c JOIN bound b ON b.id = c.group_id WHERE c.consumer <> $2) AS is_for_others`;
  }

  #askedBy(wires: readonly WireEnvelope[], { consumer = 0, lockMaxMs }: SendHow): readonly unknown[] {
    return [[...new Set(wires.map(({ name }) => name))], consumer, this.#windowMs, lockMaxMs ?? null];
  }

  /* Numbers are given once the lines are held, so that of a key they are in the order of acceptance. */
  async #store(db: Connection, { wires, targets, isAgain }: Stored): Promise<void> {
    const p = this.#p;
    const source = `(SELECT e.seq, t.g AS group_id, t.k AS key, e.priority, e.due FROM sent e
      JOIN unnest($1::bigint[], $2::bigint[], $3::text[]) t (at, g, k) ON t.at = e.at)`;
    await db.run(
      `WITH sent AS MATERIALIZED (SELECT nextval('${p}numbers') AS seq, o.*, CASE WHEN due_at > ${NOW} THEN due_at END AS due
          FROM (SELECT * FROM unnest(${placesFrom(5)}) WITH ORDINALITY u (${ENVELOPE}, at) ORDER BY at) o),
        stored AS (INSERT INTO ${p}envelopes (seq, ${ENVELOPE}, sent_at, is_again) SELECT seq, ${ENVELOPE}, ${NOW}, $4 FROM sent)
        ${this.#places.insertFrom(source)}`,
      targets.map(({ at }) => at),
      targets.map(({ groupId }) => groupId),
      targets.map(({ key }) => key),
      isAgain,
      ...columnsOf(wires),
    );
  }

  async #lock(db: Connection, how: "" | "_shared"): Promise<void> {
    await db.run(`SELECT pg_advisory_xact_lock${how}(hashtext('signalbox sends'), hashtext($1))`, this.#p);
  }
}

interface Stored {
  readonly wires: readonly WireEnvelope[];
  readonly targets: readonly Target[];
  readonly isAgain: boolean;
}

function isUnkeyed({ key }: WireEnvelope): boolean {
  return key === undefined;
}

function columnsOf(wires: readonly WireEnvelope[]): readonly (readonly unknown[])[] {
  const rows = wires.map(valuesOf);
  return TYPES.map((_, column) => rows.map((values) => values[column]));
}

/* The places of the columns in a statement. */
function placesFrom(first: number): string {
  return TYPES.map((type, at) => `$${first + at}::${type}[]`).join(", ");
}
