/**
 * A round in one statement: it ends deliveries that are of no key, takes what is ready, and says what is due next. Nothing
 * is written where there is nothing to end and nothing to take.
 */
import type { Row } from "../transport/envelope-rows.js";
import type { Hold } from "../transport/holdings.js";
import { type Connection, lockLimitFrom, NOW } from "./connection.js";
import type { Settings } from "./options.js";
import { holdColumns, type Places, type Wanted, wantedColumns } from "./places.js";

export interface RoundAsked {
  readonly owner: number;
  readonly ends: readonly Hold[];
  readonly wanted: readonly Wanted[];
  /** How long it waits for a lock. */
  readonly lockMaxMs: number;
}

export interface RoundDone {
  /** Whether each was still out as it was handed out, and has ended. */
  readonly ended: readonly boolean[];
  readonly taken: readonly Row[];
  readonly dueIn: number | undefined;
  /** Whether the owner is there; otherwise nothing is taken. */
  readonly isThere: boolean;
}

export class Rounds {
  readonly #sql: string;

  constructor({ prefix, keepEventsMs }: Settings, places: Places) {
    this.#sql = sqlOf(prefix, keepEventsMs > 0, places);
  }

  async run(db: Connection, { owner, ends, wanted, lockMaxMs }: RoundAsked): Promise<RoundDone> {
    const rows = await db.rows(this.#sql, owner, ...wantedColumns(wanted), ...holdColumns(ends), lockMaxMs);
    const { ended, due_in, is_there } = rows[0]!;
    const places = new Set(((ended as string | null) ?? "").split(" ").map(Number));
    return {
      ended: ends.map((_, at) => places.has(at + 1)),
      taken: rows.filter(({ envelope }) => envelope !== null),
      dueIn: (due_in as number | null) ?? undefined,
      isThere: is_there === true,
    };
  }
}

/* The envelope of an ended delivery goes with it, unless others need it or it is kept. */
function sqlOf(p: string, isKept: boolean, places: Places): string {
  const gone = `last AS (SELECT envelope, count(*) AS ends FROM ended GROUP BY envelope),
    gone AS (DELETE FROM ${p}envelopes e USING last WHERE e.seq = last.envelope
      AND last.ends = (SELECT count(*) FROM ${p}deliveries d WHERE d.envelope = e.seq)),`;
  return `WITH ${lockLimitFrom("$9")},
    settled AS MATERIALIZED (SELECT u.* FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::int[])
      WITH ORDINALITY u (e, g, owner, deliveries, at), limits),
    ended AS (DELETE FROM ${p}deliveries d USING settled s WHERE d.envelope = s.e AND d.group_id = s.g
      AND d.owner = s.owner AND d.deliveries = s.deliveries RETURNING d.envelope, s.at),
    ${isKept ? "" : gone}
    ${places.takenFrom("limits, unnest($2::bigint[], $3::int[], $4::bool[])", "$1")},
    head AS (SELECT 1 AS n, (SELECT string_agg(at::text, ' ') FROM ended) AS ended,
      (SELECT min(due_at) FROM ${p}deliveries WHERE due_at IS NOT NULL) - ${NOW} AS due_in,
      EXISTS (SELECT 1 FROM ${p}consumers WHERE id = $1) AS is_there)
    SELECT ${places.takenColumns}, head.ended, head.due_in, head.is_there
      FROM (SELECT *, row_number() OVER (ORDER BY priority DESC, envelope) AS n FROM taken) o
      FULL JOIN head ON head.n = o.n LEFT JOIN ${p}envelopes e ON e.seq = o.envelope ORDER BY o.n`;
}
