/** The groups, and who consumes them. A group for each process belongs to one consumer, and goes with it. */
import type { Group } from "../transport/transport.js";
import type { Connection } from "./connection.js";

/** A group as it stands in the tables. */
export interface KnownGroup {
  readonly id: number;
  readonly isNew: boolean;
}

/** A group that events are given to. */
export interface Bound {
  readonly id: number;
  readonly isOrdered: boolean;
}

export class Groups {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  /** Whether a group is there as it is asked for, so that nothing is to be written. */
  async find(db: Connection, group: Group, consumer: number): Promise<KnownGroup | undefined> {
    const row = await db.row(
      `SELECT id, is_ordered = $3 AND inbox_ms = $4::float8 AND $5::text[] =
        (SELECT array_agg(event ORDER BY event) FROM ${this.#p}bindings WHERE group_id = id) AS is_same
        FROM ${this.#p}groups WHERE name = $1 AND consumer = $2`,
      group.name,
      consumer,
      group.order !== "none",
      group.inboxMs,
      group.events.toSorted(),
    );
    return row?.["is_same"] === true ? { id: row["id"] as number, isNew: false } : undefined;
  }

  /** Makes it, or changes it to what is asked for; what waits stays. */
  async declare(db: Connection, group: Group, consumer: number): Promise<KnownGroup> {
    const p = this.#p;
    const row = await db.row(
      `INSERT INTO ${p}groups AS g (name, consumer, is_ordered, inbox_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (name, consumer)
        DO UPDATE SET is_ordered = excluded.is_ordered, inbox_ms = excluded.inbox_ms RETURNING id, g.xmax = 0 AS is_new`,
      group.name,
      consumer,
      group.order !== "none",
      group.inboxMs,
    );
    const id = row!["id"] as number;
    await db.run(`DELETE FROM ${p}bindings WHERE group_id = $1 AND event <> ALL ($2::text[])`, id, [
      ...group.events,
    ]);
    await db.run(
      `INSERT INTO ${p}bindings (event, group_id) SELECT unnest($2::text[]), $1 ON CONFLICT DO NOTHING`,
      id,
      [...group.events],
    );
    return { id, isNew: row!["is_new"] === true };
  }

  /** Every group of this name, with all that it has. */
  async remove(db: Connection, name: string): Promise<void> {
    await this.#delete(db, "name = $1", name);
    await db.run(`DELETE FROM ${this.#p}letters WHERE group_name = $1`, name);
  }

  /** The groups that belong to one consumer alone. */
  async removeOf(db: Connection, consumer: number): Promise<void> {
    await this.#delete(db, "consumer = $1", consumer);
  }

  async list(
    db: Connection,
  ): Promise<readonly { group: string; waiting: number; oldestAt: number | undefined; consumers: number }[]> {
    const p = this.#p;
    const rows = await db.rows(
      `SELECT g.name, w.waiting, e.sent_at, (SELECT count(*) FROM ${p}consuming c WHERE c.group_id = g.id) AS consumers
        FROM ${p}groups g CROSS JOIN LATERAL (SELECT count(*) AS waiting, min(envelope) AS first
          FROM ${p}deliveries d WHERE d.group_id = g.id AND d.state <> 2) w
        LEFT JOIN ${p}envelopes e ON e.seq = w.first ORDER BY g.name COLLATE "C", g.id`,
    );
    return rows.map(({ name, waiting, sent_at, consumers }) => ({
      group: name as string,
      waiting: waiting as number,
      oldestAt: (sent_at as number | null) ?? undefined,
      consumers: consumers as number,
    }));
  }

  /** A group that all share; it does not go before the transaction has ended. */
  async shared(db: Connection, name: string): Promise<Bound | undefined> {
    const sql = `SELECT id, is_ordered AS "isOrdered" FROM ${this.#p}groups WHERE name = $1 AND consumer = 0 FOR KEY SHARE`;
    return (await db.row(sql, name)) as Bound | undefined;
  }

  /** A consumer of these groups is there. */
  async join(db: Connection, consumer: number, groupIds: readonly number[]): Promise<void> {
    await db.run(
      `INSERT INTO ${this.#p}consuming (consumer, group_id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING`,
      consumer,
      groupIds,
    );
  }

  /* The group goes first, which waits for whoever is about to add deliveries to it. */
  async #delete(db: Connection, where: string, value: unknown): Promise<void> {
    const rows = await db.rows(`DELETE FROM ${this.#p}groups WHERE ${where} RETURNING id`, value);
    if (rows.length === 0) return;
    const ids = rows.map(({ id }) => id);
    for (const table of ["bindings", "deliveries", "lines", "inbox", "consuming"])
      await db.run(`DELETE FROM ${this.#p}${table} WHERE group_id = ANY ($1::bigint[])`, ids);
  }
}
