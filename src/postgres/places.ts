/** Where deliveries stand: ready, waiting for a time, out, or behind another of their key. One of a key is out at most. */
import type { Row } from "../transport/envelope-rows.js";
import type { Hold } from "../transport/holdings.js";
import { type Connection, NOW } from "./connection.js";
import { columnsOf, LATER, type Line, type Lines } from "./lines.js";
import { unlessLocked } from "./savepoint.js";

const READY = 0;
const RETRY = 1;
const OUT = 2;
const BEHIND = 3;
const ADMITTED_MAX = 1_000;
/* How long is waited for the lock of one, and for how many in a transaction. */
const ALONE_MS = 20;
const LOCKED_MAX = 5;
const PRIORITY_MAX = 2_147_483_647;

/** How many of one group are wanted, of the highest priority, or of the lowest that waits. */
export interface Wanted {
  readonly groupId: number;
  readonly most: number;
  readonly isLowest: boolean;
}

/** What becomes of a delivery that is out. */
export interface Change {
  readonly hold: Hold;
  readonly isEnd: boolean;
  readonly isFailure: boolean;
  readonly afterMs: number;
  readonly history: string | null;
}

/** What came of looking for what is due. */
export interface Admitted {
  readonly isAdmitted: boolean;
  /** Whether something has to wait for somebody's open transaction. */
  readonly isBlocked: boolean;
}

export class Places {
  /** What is read of a delivery `o` that was taken, and of its envelope `e`. */
  readonly takenColumns: string = `o.envelope, o.group_id, o.key AS line, o.failures, o.deliveries, o.history, e.id, e.name,
    e.key, e.priority, e.due_at, e.expires_at, e.headers, e.body`;
  readonly #p: string;
  readonly #lines: Lines;

  constructor(prefix: string, lines: Lines) {
    this.#p = prefix;
    this.#lines = lines;
  }

  /**
   * Adds deliveries from rows of (seq, group_id, key, priority, due), whose lines are held: the first of a key is ready.
   */
  insertFrom(source: string): string {
    return this.#insert(source, this.#stateOf("s"));
  }

  /** The same, from rows that are of no key. */
  insertUnkeyed(source: string): string {
    return this.#insert(source, `CASE WHEN s.due IS NULL THEN ${READY} ELSE ${LATER} END`);
  }

  /** Whether an envelope has deliveries that are not admitted yet. */
  isLater(envelope: string): string {
    return `EXISTS (SELECT 1 FROM ${this.#p}deliveries l WHERE l.envelope = ${envelope} AND l.state = ${LATER})`;
  }

  /** Which groups have something ready, and in how many milliseconds the next is due. */
  async look(db: Connection, groupIds: readonly number[]): Promise<{ ready: number[]; dueIn?: number }> {
    const p = this.#p;
    const row = await db.row(
      `SELECT (SELECT string_agg(g::text, ' ') FROM unnest($1::bigint[]) g WHERE EXISTS
          (SELECT 1 FROM ${p}deliveries d WHERE d.group_id = g AND d.state = ${READY})) AS ready,
        (SELECT min(due_at) FROM ${p}deliveries WHERE due_at IS NOT NULL) - ${NOW} AS due_in`,
      groupIds,
    );
    const ready = ((row?.["ready"] as string | null) ?? "").split(" ").filter(Boolean).map(Number);
    const dueIn = row?.["due_in"] as number | null | undefined;
    return typeof dueIn === "number" ? { ready, dueIn } : { ready };
  }

  /** So many of each; each is then out, and nobody waits for what another is taking. */
  take(db: Connection, owner: number, wanted: readonly Wanted[]): Promise<readonly Row[]> {
    return db.rows(
      `WITH ${this.takenFrom("unnest($2::bigint[], $3::int[], $4::bool[])", "$1")} SELECT ${this.takenColumns}
        FROM taken o LEFT JOIN ${this.#p}envelopes e ON e.seq = o.envelope ORDER BY o.priority DESC, o.envelope`,
      owner,
      ...wantedColumns(wanted),
    );
  }

  /**
   * A table `taken` of what an owner that is there takes, who stays there until the transaction has ended; it is wanted in
   * rows of (group_id, most, is_lowest). They go through arrays, of which the planner expects few elements: it would read
   * the whole table for what it takes for many.
   */
  takenFrom(wanted: string, owner: string): string {
    const p = this.#p;
    const ready = `${p}deliveries r WHERE r.group_id = w.g AND r.state = ${READY}`;
    return `next AS MATERIALIZED (SELECT DISTINCT n.envelope, n.group_id FROM ${wanted} w (g, most, low)
        CROSS JOIN LATERAL (SELECT r.envelope, r.group_id FROM ${ready} AND r.priority <=
            CASE WHEN w.low THEN (SELECT min(r.priority) FROM ${ready}) ELSE ${PRIORITY_MAX} END
          ORDER BY r.priority DESC, r.envelope LIMIT w.most FOR NO KEY UPDATE SKIP LOCKED) n),
      taker AS MATERIALIZED (SELECT id FROM ${p}consumers WHERE id = ${owner} AND EXISTS (SELECT 1 FROM next) FOR KEY SHARE),
      taken AS (UPDATE ${p}deliveries d SET state = ${OUT}, owner = ${owner}, deliveries = d.deliveries + 1
        FROM unnest(ARRAY(SELECT envelope FROM next), ARRAY(SELECT group_id FROM next)) n (e, g)
        WHERE EXISTS (SELECT 1 FROM taker) AND d.envelope = n.e AND d.group_id = n.g
        RETURNING d.envelope, d.group_id, d.key, d.priority, d.failures, d.deliveries, d.history)`;
  }

  /** Changes those that are still out as they were handed out; answers which. The next of an ended key is ready. */
  async change(db: Connection, changes: readonly Change[]): Promise<ReadonlySet<string>> {
    const ending = changes.filter(({ isEnd, hold }) => isEnd && hold.key !== null);
    const lines = ending.map(({ hold }) => hold);
    await this.#lines.lock(db, lines);
    const rows = await this.#change(db, changes);
    await this.#goOn(db, lines);
    return new Set(rows.map(({ envelope, group_id }) => `${envelope as number} ${group_id as number}`));
  }

  /** Whatever is due by now is ready, or behind those of its key; but what an open transaction of others has locked. */
  async admit(db: Connection): Promise<Admitted> {
    const p = this.#p;
    const due = await db.rows(
      `SELECT envelope, group_id, state, key FROM ${p}deliveries WHERE due_at <= ${NOW} ORDER BY due_at, envelope
        LIMIT ${ADMITTED_MAX} FOR UPDATE SKIP LOCKED`,
    );
    if (due.length === 0) return { isAdmitted: false, isBlocked: true }; // somebody else is at it
    const retries = due.filter(({ state }) => state === RETRY);
    const later = due.filter(({ state }) => state === LATER);
    await db.run(
      `UPDATE ${p}deliveries d SET state = ${READY}, due_at = NULL FROM unnest($1::bigint[], $2::bigint[]) u (e, g)
        WHERE d.envelope = u.e AND d.group_id = u.g`,
      retries.map(({ envelope }) => envelope),
      retries.map(({ group_id }) => group_id),
    );
    const envelopes = [...new Set(later.map(({ envelope }) => envelope))];
    const admitted = later.length > 0 ? await this.#admitUnlocked(db, envelopes) : 0;
    const isBlocked = admitted < envelopes.length;
    return { isAdmitted: retries.length > 0 || admitted > 0, isBlocked };
  }

  /** What an owner has. */
  heldBy(db: Connection, owner: number): Promise<readonly Row[]> {
    const sql = `SELECT envelope, group_id, deliveries, key FROM ${this.#p}deliveries WHERE owner = $1`;
    return db.rows(sql, owner);
  }

  /**
   * Gives back what nobody knows of, or what never reached anybody and does not count as handed out. What a transaction
   * of the application is settling is left alone.
   */
  async giveBack(db: Connection, holds: readonly Hold[], isUndone: boolean): Promise<void> {
    const p = this.#p;
    await db.run(
      `UPDATE ${p}deliveries d SET state = ${READY}, owner = NULL, deliveries = d.deliveries - $5::bool::int
          FROM (SELECT o.envelope, o.group_id FROM ${p}deliveries o
          JOIN unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[]) u (e, g, owner, deliveries)
          ON o.envelope = u.e AND o.group_id = u.g AND o.owner = u.owner AND o.deliveries = u.deliveries
          FOR UPDATE OF o SKIP LOCKED) s WHERE d.envelope = s.envelope AND d.group_id = s.group_id`,
      ...holdColumns(holds),
      isUndone,
    );
  }

  /** Gives back what an owner has, so many at most; answers how many they were. */
  takeBack(db: Connection, owner: number, most: number): Promise<number> {
    const p = this.#p;
    return db.run(
      `UPDATE ${p}deliveries d SET state = ${READY}, owner = NULL FROM (SELECT envelope, group_id FROM ${p}deliveries
          WHERE owner = $1 LIMIT $2 FOR UPDATE SKIP LOCKED) s WHERE d.envelope = s.envelope AND d.group_id = s.group_id`,
      owner,
      most,
    );
  }

  #insert(source: string, state: string): string {
    return `INSERT INTO ${this.#p}deliveries
      (envelope, group_id, state, key, priority, due_at, failures, deliveries, history)
      SELECT s.seq, s.group_id, ${state}, s.key, s.priority, s.due, 0, 0, '[]' FROM ${source} s`;
  }

  #stateOf(s: string): string {
    const line = `SELECT 1 FROM ${this.#p}deliveries o WHERE o.group_id = ${s}.group_id AND o.key = ${s}.key AND o.state <> ${LATER}`;
    const turn = `row_number() OVER (PARTITION BY ${s}.group_id, ${s}.key, ${s}.due IS NULL ORDER BY ${s}.seq)`;
    return `CASE WHEN ${s}.due IS NOT NULL THEN ${LATER}
      WHEN ${s}.key IS NOT NULL AND (${turn} > 1 OR EXISTS (${line})) THEN ${BEHIND} ELSE ${READY} END`;
  }

  #change(db: Connection, changes: readonly Change[]): Promise<readonly Row[]> {
    const p = this.#p;
    const isIt =
      "d.envelope = s.e AND d.group_id = s.g AND d.owner = s.owner AND d.deliveries = s.deliveries";
    return db.rows(
      `WITH s AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::bool[], $6::bool[],
          $7::float8[], $8::text[]) u (e, g, owner, deliveries, is_end, is_failure, after_ms, history)),
        ended AS (DELETE FROM ${p}deliveries d USING s WHERE s.is_end AND ${isIt} RETURNING d.envelope, d.group_id),
        changed AS (UPDATE ${p}deliveries d SET owner = NULL, failures = d.failures + s.is_failure::int,
          state = CASE WHEN s.after_ms > 0 THEN ${RETRY} ELSE ${READY} END,
          due_at = CASE WHEN s.after_ms > 0 THEN ${NOW} + s.after_ms END, history = coalesce(s.history, d.history)
          FROM s WHERE NOT s.is_end AND ${isIt} RETURNING d.envelope, d.group_id)
        SELECT * FROM ended UNION ALL SELECT * FROM changed`,
      ...holdColumns(changes.map(({ hold }) => hold)),
      changes.map(({ isEnd }) => isEnd),
      changes.map(({ isFailure }) => isFailure),
      changes.map(({ afterMs }) => afterMs),
      changes.map(({ history }) => history),
    );
  }

  /* The first of a line is ready where nothing is in front of it; a line that nobody is in goes. */
  async #goOn(db: Connection, lines: readonly Line[]): Promise<void> {
    if (lines.length === 0) return;
    const p = this.#p;
    const of = (state: string): string =>
      `FROM ${p}deliveries o WHERE o.group_id = u.g AND o.key = u.k AND o.state ${state}`;
    await db.run(
      `WITH u AS MATERIALIZED (SELECT DISTINCT g, k FROM unnest($1::bigint[], $2::text[]) u (g, k)),
        first AS MATERIALIZED (SELECT u.g, (SELECT min(o.envelope) ${of(`= ${BEHIND}`)}) AS envelope FROM u
          WHERE NOT EXISTS (SELECT 1 ${of(`NOT IN (${BEHIND}, ${LATER})`)})),
        gone AS (DELETE FROM ${p}lines l USING u WHERE l.group_id = u.g AND l.key = u.k
          AND NOT EXISTS (SELECT 1 ${of(`<> ${LATER}`)}))
        UPDATE ${p}deliveries d SET state = ${READY} FROM first WHERE d.group_id = first.g AND d.envelope = first.envelope`,
      ...columnsOf(lines),
    );
  }

  /* All in one, or where somebody holds a line, each by itself. Answers how many. */
  async #admitUnlocked(db: Connection, envelopes: readonly unknown[]): Promise<number> {
    const isDone = (some: readonly unknown[]): Promise<boolean> =>
      unlessLocked(db, () => this.#admitLater(db, some));
    if (await isDone(envelopes)) return envelopes.length;
    await db.run(`SET LOCAL lock_timeout = ${ALONE_MS}`);
    let [admitted, locked] = [0, 0];
    for (const envelope of envelopes) {
      if (locked === LOCKED_MAX) break;
      if (await isDone([envelope])) admitted++;
      else locked++;
    }
    return admitted;
  }

  /* What was published for later comes after what was accepted before it was due. */
  async #admitLater(db: Connection, envelopes: readonly unknown[]): Promise<void> {
    const p = this.#p;
    // Nobody gives them another delivery or another time until they are moved.
    const moving = `SELECT 1 FROM ${p}envelopes WHERE seq = ANY ($1::bigint[]) ORDER BY seq FOR UPDATE`;
    await db.run(moving, envelopes);
    const all = await db.rows(
      `SELECT group_id AS "groupId", key FROM ${p}deliveries WHERE envelope = ANY ($1::bigint[]) AND state = ${LATER}`,
      envelopes,
    );
    await this.#lines.hold(db, all as unknown as Line[]);
    await db.run(
      `WITH fresh AS MATERIALIZED (SELECT o.old, nextval('${p}numbers') AS seq
          FROM (SELECT seq AS old FROM ${p}envelopes WHERE seq = ANY ($1::bigint[]) ORDER BY due_at, seq FOR UPDATE) o),
        moved AS (UPDATE ${p}envelopes e SET seq = fresh.seq FROM fresh WHERE e.seq = fresh.old),
        s AS MATERIALIZED (SELECT d.envelope AS old, fresh.seq, d.group_id, d.key, NULL::float8 AS due
          FROM ${p}deliveries d JOIN fresh ON fresh.old = d.envelope WHERE d.state = ${LATER}),
        t AS MATERIALIZED (SELECT s.*, ${this.#stateOf("s")} AS state FROM s)
        UPDATE ${p}deliveries d SET envelope = t.seq, state = t.state, due_at = NULL FROM t
          WHERE d.envelope = t.old AND d.group_id = t.group_id`,
      envelopes,
    );
  }
}

export function wantedColumns(wanted: readonly Wanted[]): [number[], number[], boolean[]] {
  return [
    wanted.map(({ groupId }) => groupId),
    wanted.map(({ most }) => most),
    wanted.map(({ isLowest }) => isLowest),
  ];
}

export function holdColumns(holds: readonly Hold[]): number[][] {
  return [
    holds.map(({ envelope }) => envelope),
    holds.map(({ groupId }) => groupId),
    holds.map(({ owner }) => owner),
    holds.map(({ deliveries }) => deliveries),
  ];
}
