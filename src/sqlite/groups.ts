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

export class Groups {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  /** Makes it, or changes it to what is asked for, with its consumer in it where that is known; what waits stays. */
  declare(db: Connection, group: Group, { consumer, owner }: Declarer): KnownGroup {
    const p = this.#p;
    const known = db.row(`SELECT id FROM ${p}groups WHERE name = ? AND consumer = ?`, group.name, owner);
    const { id } = db.row(
      `INSERT INTO ${p}groups (name, consumer, is_ordered, inbox_ms) VALUES (?, ?, ?, ?) ON CONFLICT (name, consumer)
        DO UPDATE SET is_ordered = excluded.is_ordered, inbox_ms = excluded.inbox_ms RETURNING id`,
      group.name,
      owner,
      isOrdered(group),
      group.inboxMs,
    ) as { id: number };
    const events = JSON.stringify(group.events);
    if (consumer === undefined)
      db.run(`INSERT OR IGNORE INTO ${p}bindings SELECT value, ?1 FROM json_each(?2)`, id, events);
    else this.#consume(db, id, { consumer, events });
    return { id, isNew: known === undefined };
  }

  #consume(db: Connection, id: number, { consumer, events }: { consumer: number; events: string }): void {
    db.run(`INSERT OR REPLACE INTO ${this.#p}consuming VALUES (?, ?, ?)`, id, consumer, events);
    this.#bind(db, id);
  }

  /* A name stays as long as one of the consumers wants it: another version of the application may not know it. */
  #bind(db: Connection, id: number): void {
    const p = this.#p;
    const wanted = `SELECT value FROM ${p}consuming, json_each(events) WHERE group_id = ?1`;
    db.run(`DELETE FROM ${p}bindings WHERE group_id = ?1 AND event NOT IN (${wanted})`, id);
    db.run(`INSERT OR IGNORE INTO ${p}bindings SELECT DISTINCT value, ?1 FROM (${wanted})`, id);
  }

  /** Every group of this name, with all that it has but its dead letters where they are to stay. */
  remove(db: Connection, name: string): void {
    const rows = db.rows(`SELECT id FROM ${this.#p}groups WHERE name = ?`, name);
    for (const { id } of rows) this.#delete(db, id as number);
    db.run(`DELETE FROM ${this.#p}letters WHERE group_name = ?`, name);
  }

  /** The groups that belong to one consumer alone. */
  removeOf(db: Connection, consumer: number): void {
    for (const { id } of db.rows(`SELECT id FROM ${this.#p}groups WHERE consumer = ?`, consumer))
      this.#delete(db, id as number);
  }

  list(
    db: Connection,
  ): readonly { readonly id: number; readonly name: string; readonly consumers: number }[] {
    const p = this.#p;
    const count = `(SELECT count(*) FROM ${p}consuming c WHERE c.group_id = g.id)`;
    const rows = db.rows(`SELECT id, name, ${count} AS consumers FROM ${p}groups g ORDER BY name, id`);
    return rows as unknown as { id: number; name: string; consumers: number }[];
  }

  /** The group of a dead letter: where it came from, or else the one of this name that all share, or that the consumer has. */
  idOf(
    db: Connection,
    name: string,
    { from, consumer }: { from: number; consumer: number },
  ): number | undefined {
    const sql = `SELECT id FROM ${this.#p}groups WHERE name = ?1 AND (id = ?2 OR consumer IN (0, ?3)) ORDER BY id <> ?2 LIMIT 1`;
    return db.row(sql, name, from, consumer)?.["id"] as number | undefined;
  }

  #delete(db: Connection, id: number): void {
    const p = this.#p;
    for (const table of ["bindings", "deliveries", "inbox", "consuming"])
      db.run(`DELETE FROM ${p}${table} WHERE group_id = ?`, id);
    db.run(`DELETE FROM ${p}groups WHERE id = ?`, id);
  }
}

function isOrdered({ order }: Group): 0 | 1 {
  return order === "none" ? 0 : 1;
}
