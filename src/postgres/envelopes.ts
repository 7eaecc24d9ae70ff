/** The envelopes that were sent: kept as long as deliveries need them, and as long as new groups may ask for them. */
import { show } from "../runtime/options.js";
import { ENVELOPE, type Row, valuesOf } from "../transport/envelope-rows.js";
import type { WireEnvelope } from "../transport/transport.js";
import { type Connection, NOW } from "./connection.js";
import type { Bound, Groups } from "./groups.js";
import type { Settings } from "./options.js";
import type { Line, Places } from "./places.js";

type Answer = "accepted" | "duplicate";

interface Target extends Line {
  /** Which of the envelopes it is for, from 1 up. */
  readonly at: number;
}

const SWEPT_MAX = 5_000;
/* Whoever is giving a new group the earliest events must not lose them meanwhile. */
const GRACE_MS = 60_000;
/* An entry of an index has 2,704 bytes, with what stands beside the text. */
const TEXT_BYTES_MAX = 2_600;
const TYPES = ["text", "text", "text", "int", "float8", "float8", "text", "bytea"];

export class Envelopes {
  readonly #p: string;
  readonly #groups: Groups;
  readonly #places: Places;
  readonly #windowMs: number;
  readonly #keptMs: number;
  /* Everything before it has been looked at, and is still needed. */
  #sweptTo = 0;

  constructor({ prefix, dedupeWindowMs, keepEventsMs }: Settings, groups: Groups, places: Places) {
    this.#p = prefix;
    this.#groups = groups;
    this.#places = places;
    this.#windowMs = dedupeWindowMs;
    this.#keptMs = keepEventsMs;
  }

  /** Stores envelopes with a delivery for each group, but those whose id was sent within the window. */
  async send(db: Connection, wires: readonly WireEnvelope[]): Promise<readonly Answer[]> {
    if (this.#keptMs > 0) await this.#lock(db, "_shared");
    const names = [...new Set(wires.map(({ name }) => name))];
    const bound = boundBy(await this.#groups.boundTo(db, names));
    const answers = await this.#claimIds(db, wires);
    const isKept = ({ name }: WireEnvelope): boolean => this.#keptMs > 0 || bound.has(name);
    const fresh = wires.filter((wire, at) => answers[at] === "accepted" && isKept(wire));
    const targets = fresh.flatMap(({ name, key = null }, at) =>
      (bound.get(name) ?? []).map(({ id, isOrdered }) => ({
        at: at + 1,
        groupId: id,
        key: isOrdered ? key : null,
      })),
    );
    if (fresh.length > 0) await this.#add(db, { wires: fresh, targets, isAgain: false });
    return answers;
  }

  /** Stores an envelope for one group, whatever the window says. */
  async again(
    db: Connection,
    wire: WireEnvelope,
    { id, isOrdered }: { id: number; isOrdered: boolean },
  ): Promise<void> {
    const target = { at: 1, groupId: id, key: isOrdered ? (wire.key ?? null) : null };
    await this.#add(db, { wires: [wire], targets: [target], isAgain: true });
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
      await this.#places.hold(
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

  /* Whoever sends the same id at the same moment waits here, and then knows. */
  async #claimIds(db: Connection, wires: readonly WireEnvelope[]): Promise<Answer[]> {
    if (this.#windowMs === 0) return wires.map(() => "accepted");
    const rows = await db.rows(
      `INSERT INTO ${this.#p}ids AS i (id, sent_at) SELECT DISTINCT u, ${NOW} FROM unnest($1::text[]) u ORDER BY 1
        ON CONFLICT (id) DO UPDATE SET sent_at = excluded.sent_at WHERE i.sent_at <= excluded.sent_at - $2::float8 RETURNING id`,
      wires.map(({ id }) => id),
      this.#windowMs,
    );
    const fresh = new Set(rows.map(({ id }) => id as string));
    return wires.map(({ id }) => (fresh.delete(id) ? "accepted" : "duplicate"));
  }

  /* Numbers are given once the lines are held, so that of a key they are in the order of acceptance. */
  async #add(db: Connection, what: Added): Promise<void> {
    const { wires, targets, isAgain } = what;
    const p = this.#p;
    await this.#places.hold(db, targets);
    const rows = wires.map(valuesOf);
    const columns = TYPES.map((_, column) => rows.map((values) => values[column]));
    const places = TYPES.map((type, at) => `$${at + 5}::${type}[]`).join(", ");
    const source = `(SELECT e.seq, t.g AS group_id, t.k AS key, e.priority, e.due FROM sent e
      JOIN unnest($1::bigint[], $2::bigint[], $3::text[]) t (at, g, k) ON t.at = e.at)`;
    await db.run(
      `WITH sent AS MATERIALIZED (SELECT nextval('${p}numbers') AS seq, o.*, CASE WHEN due_at > ${NOW} THEN due_at END AS due
          FROM (SELECT * FROM unnest(${places}) WITH ORDINALITY u (${ENVELOPE}, at) ORDER BY at) o),
        stored AS (INSERT INTO ${p}envelopes (seq, ${ENVELOPE}, sent_at, is_again) SELECT seq, ${ENVELOPE}, ${NOW}, $4 FROM sent)
        ${this.#places.insertFrom(source)}`,
      targets.map(({ at }) => at),
      targets.map(({ groupId }) => groupId),
      targets.map(({ key }) => key),
      isAgain,
      ...columns,
    );
  }

  async #lock(db: Connection, how: "" | "_shared"): Promise<void> {
    await db.run(`SELECT pg_advisory_xact_lock${how}(hashtext('signalbox sends'), hashtext($1))`, this.#p);
  }
}

/** Throws a `TypeError` for an id or a key that the tables cannot hold as it is: it would be another one there. */
export function checkTexts({ id, key }: WireEnvelope): void {
  for (const [name, text] of [
    ["id", id],
    ["key", key],
  ] as const)
    if (text !== undefined && !isStorable(text)) throw new TypeError(notStorable(name, text));
}

function isStorable(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text) && Buffer.byteLength(text) <= TEXT_BYTES_MAX;
}

function notStorable(name: string, text: string): string {
  return `Expected the ${name} of an event to be well-formed Unicode without U+0000, of at most ${TEXT_BYTES_MAX} bytes, got ${show(text)}.`;
}

function boundBy(all: readonly Bound[]): ReadonlyMap<string, readonly Bound[]> {
  const names = new Set(all.map(({ event }) => event));
  return new Map([...names].map((name) => [name, all.filter(({ event }) => event === name)]));
}

interface Added {
  readonly wires: readonly WireEnvelope[];
  readonly targets: readonly Target[];
  readonly isAgain: boolean;
}
