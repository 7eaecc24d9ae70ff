/** The ids that a group has had: the first delivery owns its id until it is final, and the window after it was handled. */
import type { Hold } from "../transport/holdings.js";
import type { Connection } from "./connection.js";

export class Inbox {
  readonly #p: string;

  constructor(prefix: string) {
    this.#p = prefix;
  }

  /** Whether the delivery is the first of its id; it then owns it. */
  claims(db: Connection, mark: { groupId: number; id: string; envelope: number }, now: number): boolean {
    const { groupId, id, envelope } = mark;
    const sql = `SELECT envelope, until FROM ${this.#p}inbox WHERE group_id = ? AND id = ?`;
    const known = db.row(sql, groupId, id);
    const until = known?.["until"] ?? Infinity;
    if (known !== undefined && known["envelope"] !== envelope && (until as number) > now) return false;
    db.run(`INSERT OR REPLACE INTO ${this.#p}inbox VALUES (?, ?, ?, NULL)`, groupId, id, envelope);
    return true;
  }

  /** It was handled: its id is kept for the window. */
  done(db: Connection, { groupId, envelope }: Hold, id: string, until: number): void {
    const sql = `UPDATE ${this.#p}inbox SET until = ? WHERE group_id = ? AND id = ? AND envelope = ?`;
    db.run(sql, until, groupId, id, envelope);
  }

  /** It was not, and never will be: its id is free. */
  free(db: Connection, { groupId, envelope }: Hold, id: string): void {
    db.run(
      `DELETE FROM ${this.#p}inbox WHERE group_id = ? AND id = ? AND envelope = ?`,
      groupId,
      id,
      envelope,
    );
  }

  sweep(db: Connection, now: number): void {
    db.run(`DELETE FROM ${this.#p}inbox WHERE until IS NOT NULL AND until < ?`, now);
  }
}
