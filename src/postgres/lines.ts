/** Lines: the deliveries of one group and key. Whoever changes who stands in one holds it until the transaction has ended. */
import type { Connection } from "./connection.js";
import { notSerialisable } from "./faults.js";

/** The state of a delivery that is not due yet: it stands in no line. */
export const LATER = 4;

export interface Line {
  readonly groupId: number;
  readonly key: string | null;
}

/** What holding a line answers. */
export interface HeldLine extends Line {
  /** Whether nobody had held it. */
  readonly isNew: boolean | null;
}

export class Lines {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  /** Nobody else changes these lines before the transaction has ended; numbers given from now on are later ones. */
  async hold(db: Connection, lines: readonly Line[]): Promise<void> {
    const keyed = lines.filter(({ key }) => key !== null);
    if (keyed.length === 0) return;
    const source = "(SELECT * FROM unnest($1::bigint[], $2::text[]) u (group_id, key))";
    const held = await db.rows(this.holdFrom(source), ...columnsOf(keyed));
    await this.checkEmpty(db, held as unknown as readonly HeldLine[]);
  }

  /** The same, from rows of (group_id, key); those without a key have no line. Answers what is to be checked. */
  holdFrom(source: string): string {
    return `INSERT INTO ${this.#p}lines AS l (group_id, key) SELECT DISTINCT group_id, key FROM ${source} s WHERE key IS NOT NULL
      ORDER BY 1, 2 ON CONFLICT (group_id, key) DO UPDATE SET key = excluded.key
      RETURNING group_id AS "groupId", key, l.xmax = 0 AS "isNew"`;
  }

  /** Who sees somebody in a line that was not there reads what is over, and would wait behind nobody. */
  async checkEmpty(db: Connection, held: readonly HeldLine[]): Promise<void> {
    const fresh = held.filter(({ isNew }) => isNew === true);
    if (!db.isSnapshot || fresh.length === 0) return;
    const row = await db.row(
      `SELECT 1 FROM ${this.#p}deliveries d JOIN unnest($1::bigint[], $2::text[]) u (g, k) ON d.group_id = u.g AND d.key = u.k
        WHERE d.state <> ${LATER} LIMIT 1`,
      ...columnsOf(fresh),
    );
    if (row !== undefined) throw notSerialisable();
  }

  /** The same of lines that somebody is in. */
  async lock(db: Connection, lines: readonly Line[]): Promise<void> {
    if (lines.length === 0) return;
    await db.run(
      `SELECT 1 FROM ${this.#p}lines l JOIN (SELECT DISTINCT g, k FROM unnest($1::bigint[], $2::text[]) u (g, k)) u
        ON l.group_id = u.g AND l.key = u.k ORDER BY l.group_id, l.key FOR UPDATE OF l`,
      ...columnsOf(lines),
    );
  }
}

/** The groups, and the keys. */
export function columnsOf(lines: readonly Line[]): [number[], (string | null)[]] {
  return [lines.map(({ groupId }) => groupId), lines.map(({ key }) => key)];
}
