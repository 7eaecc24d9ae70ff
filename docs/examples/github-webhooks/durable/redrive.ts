// As repair.ts, for dead letters that are in the store: those of the life that was killed are there too.
import type { Store } from "signalbox";
import type { Application } from "../application.js";

export async function redrive(
  { pager }: Application,
  store: Store,
  log: (line: string) => void,
): Promise<void> {
  const letters = await store.deadLetters({ group: "security.page" });
  log(`${letters.length} dead letters of security.page are in the store`);
  pager.connect();
  for (const { id } of letters) await store.redrive(id);
  log(`the pager is repaired, ${letters.length} redriven`);
}
