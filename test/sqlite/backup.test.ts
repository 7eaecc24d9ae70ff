/** A copy of a database that is in use. */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { folder, Noted, setup, until } from "./setup.js";

test("a copy that is made while the bus runs has its backlog, for another bus to handle", async () => {
  const { file, bus } = setup();
  const running = bus({ lease: 100 }); // what it was handed is another's when that has run out
  running.on(Noted, { name: "reader" }, () => undefined);
  await running.start();
  running.lanes.get("reader")!.pause();
  await running.publish(["a", "b", "c"].map((id) => new Noted({ id })));

  const copy = path.join(folder(), "backup.db");
  const seen: string[] = [];
  const other = new DatabaseSync(file);
  other.exec(`VACUUM INTO '${copy}'`);
  other.close();
  await running.publish(new Noted({ id: "later" }));
  const restored = bus({ path: copy, lease: 100 });
  restored.on(Noted, { name: "reader" }, ({ id }) => void seen.push(id));
  await restored.start();
  await until(() => seen.length === 3);
  expect(seen.toSorted()).toEqual(["a", "b", "c"]);
});
