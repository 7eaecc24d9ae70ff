/** The groups, and who consumes them. A group for each process belongs to one consumer, and goes with it. */
import type { Group } from "../transport/transport.js";
import type { Connection } from "./connection.js";

/** A group as it stands in the tables. */
export interface KnownGroup {
  readonly id: number;
  readonly isNew: boolean;
}

/** Who declares a group, and whose it is: 0 where all share it. */
export interface Declarer {
  /** Undefined before this process is known as one. */
  readonly consumer: number | undefined;
  readonly owner: number;
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

  /** Makes it, or changes it to what is asked for, with its consumer in it where that is known; what waits stays. */
  async declare(db: Connection, group: Group, { consumer, owner }: Declarer): Promise<KnownGroup> {
    const row = await db.row(
      `INSERT INTO ${this.#p}groups AS g (name, consumer, is_ordered, inbox_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (name, consumer)
        DO UPDATE SET is_ordered = excluded.is_ordered, inbox_ms = excluded.inbox_ms RETURNING id, g.xmax = 0 AS is_new`,
      group.name,
      owner,
      group.order !== "none",
      group.inboxMs,
    );
    const id = row!["id"] as number;
    const events = [...group.events];
    if (consumer === undefined) await this.#bind(db, id, events);
    else await this.#consume(db, id, { consumer, events });
    return { id, isNew: row!["is_new"] === true };
  }

  /* A name stays as long as one of the consumers wants it: another version of the application may not know it. */
  async #consume(db: Connection, id: number, { consumer, events }: Wanting): Promise<void> {
    const p = this.#p;
    await db.run(
      `INSERT INTO ${p}consuming (group_id, consumer, events) VALUES ($1, $2, $3::text[])
        ON CONFLICT (group_id, consumer) DO UPDATE SET events = excluded.events`,
      id,
      consumer,
      events,
    );
    const wanted = `SELECT unnest(events) FROM ${p}consuming WHERE group_id = $1`;
    await db.run(`DELETE FROM ${p}bindings WHERE group_id = $1 AND event NOT IN (${wanted})`, id);
    await this.#bind(db, id, events);
  }

  async #bind(db: Connection, id: number, events: readonly string[]): Promise<void> {
    const sql = `INSERT INTO ${this.#p}bindings (event, group_id) SELECT unnest($2::text[]), $1 ON CONFLICT DO NOTHING`;
    await db.run(sql, id, events);
  }

  /** Every group of this name, with all that it has. */
  async remove(db: Connection, name: string): Promise<void> {
    await this.#delete(db, "name = $1", name);
    await db.run(`DELETE FROM ${this.#p}letters WHERE group_name = $1`, name);
  }

  /** The groups that belong to one consumer alone; false where an open transaction of others needs one of them. */
  async removeOf(db: Connection, consumer: number): Promise<boolean> {
    const p = this.#p;
    const free = `SELECT id FROM ${p}groups WHERE consumer = $1 FOR UPDATE SKIP LOCKED`;
    await this.#delete(db, `id IN (${free})`, consumer);
    return (await db.row(`SELECT 1 FROM ${p}groups WHERE consumer = $1`, consumer)) === undefined;
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

  /**
   * The group of a dead letter: where it came from, or else the one of this name that all share, or that the consumer
   * has. It does not go before the transaction has ended.
   */
  async of(
    db: Connection,
    name: string,
    { from, consumer }: { from: number; consumer: number },
  ): Promise<Bound | undefined> {
    const row = await db.row(
      `SELECT id, is_ordered AS "isOrdered" FROM ${this.#p}groups WHERE name = $1 AND (id = $2 OR consumer IN (0, $3))
        ORDER BY id <> $2 LIMIT 1 FOR KEY SHARE`,
      name,
      from,
      consumer,
    );
    return row as Bound | undefined;
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

interface Wanting {
  readonly consumer: number;
  readonly events: readonly string[];
}
