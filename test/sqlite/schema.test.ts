/** The tables: made once, by whoever comes first, and never touched by older code. */
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { createBus, StartError } from "signalbox";
import { plan, sqlite } from "signalbox/sqlite";
import { group, open, setup, wire, until } from "./setup.js";

function tablesOf(file: string): string[] {
  using database = closing(new DatabaseSync(file));
  const rows = database.prepare("SELECT name FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").all();
  return rows.map(({ name }) => name as string).filter((name) => !name.startsWith("sqlite_"));
}

/* Node 22 cannot dispose of a database. */
function closing(database: DatabaseSync): DatabaseSync & Disposable {
  return Object.assign(database, { [Symbol.dispose]: () => database.close() });
}

describe("the schema", () => {
  test("is what plan() prints, under the prefix", async () => {
    const { file, open: opened } = setup();
    const byHand = `${file}.by-hand`;
    const database = new DatabaseSync(byHand);
    database.exec(plan({ prefix: "shop_" }));
    database.close();
    const { transport } = await opened({ prefix: "shop_" });
    await transport.close();
    expect(tablesOf(file)).toEqual(tablesOf(byHand));
    expect(tablesOf(file).every((name) => name.startsWith("shop_"))).toBe(true);
  });

  test("that was made by hand is used as it is", async () => {
    const { file, open: opened } = setup();
    const database = new DatabaseSync(file);
    database.exec(plan());
    database.close();
    const { transport, items } = await opened();
    await transport.declare(group("reader"));
    transport.credit("reader", 1);
    await transport.send([wire("a")]);
    await until(() => items.length === 1);
    expect(transport.store.groups()).toMatchObject([{ group: "reader", consumers: 1 }]);
  });

  test("has nothing more to plan for a database that is up to date", () => {
    expect(plan({ after: 1 })).toBe("");
    expect(() => plan({ after: 2 })).toThrow(
      "Expected `plan.after` to be an integer from 0 to 1, got `2` (number).",
    );
    expect(() => plan({ prefix: "a;" })).toThrow(/Expected `plan.prefix` to be a name of at most 32 letters/);
  });

  test("that is newer than the code is refused at start, and nothing is left open", async () => {
    const { file, open: opened } = setup();
    await (await opened()).transport.close();
    const database = closing(new DatabaseSync(file));
    database.exec("UPDATE signalbox_schema SET version = 7");
    const bus = createBus({ transport: sqlite({ path: file }) });
    const error = await bus.start().catch((each: unknown) => each as Error);
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toContain(
      "The tables beside signalbox_schema have version 7, this program knows 1. Deploy the newer version",
    );
    database.exec("PRAGMA journal_mode = delete"); // needs all others to be gone
    expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "delete" });
    database.close();
  });

  test("two prefixes in one file know nothing of each other", async () => {
    const { file } = setup();
    const [one, two] = [
      await open({ path: file, prefix: "one_" }),
      await open({ path: file, prefix: "two_" }),
    ];
    for (const { transport } of [one, two]) {
      await transport.declare(group("reader"));
      transport.credit("reader", 10);
    }
    await one.transport.send([wire("a")]);
    await until(() => one.items.length === 1);
    expect([two.items.length, two.transport.store.groups()[0]!.waiting]).toEqual([0, 0]);
  });
});
