/** The groups, and who consumes them. A group for each process belongs to one consumer, and goes with it. */
import type { Group } from "../transport/transport.js";
import type { Connection } from "./connection.js";

/** A group as it stands in the tables. */
export interface KnownGroup {
  readonly id: number;
  readonly isNew: boolean;
}

export class Groups {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  /** Whether a group is there as it is asked for, so that nothing is to be written. */
  find(db: Connection, group: Group, consumer: number): KnownGroup | undefined {
    const sql = `SELECT id, is_ordered, inbox_ms FROM ${this.#p}groups WHERE name = ? AND consumer = ?`;
    const row = db.row(sql, group.name, consumer);
    if (row === undefined) return undefined;
    const id = row["id"] as number;
    const isSame = row["is_ordered"] === isOrdered(group) && row["inbox_ms"] === group.inboxMs;
    const bound = db.rows(`SELECT event FROM ${this.#p}bindings WHERE group_id = ? ORDER BY event`, id);
    const events = bound.map(({ event }) => event).join(" ");
    return isSame && events === group.events.toSorted().join(" ") ? { id, isNew: false } : undefined;
  }

  /** Makes it, or changes it to what is asked for; what waits stays. */
  declare(db: Connection, group: Group, consumer: number): KnownGroup {
    const p = this.#p;
    const known = db.row(`SELECT id FROM ${p}groups WHERE name = ? AND consumer = ?`, group.name, consumer);
    const { id } = db.row(
      `INSERT INTO ${p}groups (name, consumer, is_ordered, inbox_ms) VALUES (?, ?, ?, ?) ON CONFLICT (name, consumer)
        DO UPDATE SET is_ordered = excluded.is_ordered, inbox_ms = excluded.inbox_ms RETURNING id`,
      group.name,
      consumer,
      isOrdered(group),
      group.inboxMs,
    ) as { id: number };
    db.run(`DELETE FROM ${p}bindings WHERE group_id = ?`, id);
    for (const event of group.events) db.run(`INSERT INTO ${p}bindings VALUES (?, ?)`, event, id);
    return { id, isNew: known === undefined };
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

  idOf(db: Connection, name: string): number | undefined {
    return db.row(`SELECT id FROM ${this.#p}groups WHERE name = ? AND consumer = 0`, name)?.["id"] as
      number | undefined;
  }

  /** A consumer of the group is there. */
  join(db: Connection, consumer: number, groupId: number): void {
    db.run(`INSERT OR IGNORE INTO ${this.#p}consuming VALUES (?, ?)`, consumer, groupId);
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
