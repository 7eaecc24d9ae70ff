/** A part of a transaction that may be left out. */
import type { Connection } from "./connection.js";
import { isLocked } from "./faults.js";

/** Answers whether it is done; where a lock is in its way nothing of it is. */
export async function unlessLocked(db: Connection, work: () => Promise<void>): Promise<boolean> {
  await db.run("SAVEPOINT unlocked");
  try {
    await work();
    return true;
  } catch (error) {
    if (!isLocked(error)) throw error;
    await db.run("ROLLBACK TO SAVEPOINT unlocked");
    return false;
  }
}
