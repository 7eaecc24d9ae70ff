/** The ids that a group has had: the first delivery owns its id until it is final, and the window after it was handled. */
import type { Held } from "../transport/holdings.js";
import { type Connection, NOW } from "./connection.js";

export class Inbox {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  /** Those that are the first of their id; they then own it. */
  async claim(db: Connection, helds: readonly Held[]): Promise<ReadonlySet<Held>> {
    const firsts = new Map(helds.toReversed().map((held) => [nameOf(held.groupId, held.eventId), held]));
    const all = [...firsts.values()];
    if (all.length === 0) return new Set();
    const rows = await db.rows(
      `INSERT INTO ${this.#p}inbox AS i (group_id, id, envelope) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
        ORDER BY 1, 2 ON CONFLICT (group_id, id) DO UPDATE SET envelope = excluded.envelope, until = NULL
        WHERE i.envelope = excluded.envelope OR i.until <= ${NOW} RETURNING group_id, id`,
      ...columnsOf(all),
    );
    return new Set(rows.map(({ group_id, id }) => firsts.get(nameOf(group_id as number, id as string))!));
  }

  /** They were handled: their ids are kept for the window. */
  async done(db: Connection, helds: readonly Held[]): Promise<void> {
    if (helds.length === 0) return;
    await db.run(
      `UPDATE ${this.#p}inbox i SET until = ${NOW} + u.ms FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::float8[])
        u (g, id, envelope, ms) WHERE i.group_id = u.g AND i.id = u.id AND i.envelope = u.envelope`,
      ...columnsOf(helds),
      helds.map(({ inboxMs }) => inboxMs),
    );
  }

  /** They were not, and never will be: their ids are free. */
  async free(db: Connection, helds: readonly Held[]): Promise<void> {
    if (helds.length === 0) return;
    await db.run(
      `DELETE FROM ${this.#p}inbox i USING unnest($1::bigint[], $2::text[], $3::bigint[]) u (g, id, envelope)
        WHERE i.group_id = u.g AND i.id = u.id AND i.envelope = u.envelope`,
      ...columnsOf(helds),
    );
  }

  async sweep(db: Connection): Promise<void> {
    await db.run(`DELETE FROM ${this.#p}inbox WHERE until IS NOT NULL AND until < ${NOW}`);
  }
}

function nameOf(groupId: number, id: string): string {
  return `${groupId} ${id}`;
}

function columnsOf(helds: readonly Held[]): [number[], string[], number[]] {
  return [
    helds.map(({ groupId }) => groupId),
    helds.map(({ eventId }) => eventId),
    helds.map(({ envelope }) => envelope),
  ];
}
