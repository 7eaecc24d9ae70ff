/** Several processes at once: real ones, and SIGKILL. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, test } from "vitest";
import { worker } from "../crash/build.mjs";
import { folder, group, open, until } from "./setup.js";
import { forking } from "../support/forking.js";

const TIMEOUT = 60_000;

let program: string;
beforeAll(async () => {
  const made = mkdtempSync(path.join(tmpdir(), "signalbox-worker-"));
  program = await worker(made);
  return () => rmSync(made, { recursive: true });
});

function setup() {
  const home = folder();
  const file = path.join(home, "events.db");
  const processes = forking(program, home, (_, count) => ({ file, writer: `w${count}`, lease: 1_000 }));
  return { file, ...processes };
}

describe("a consumer that is killed in the middle of its handlers", () => {
  test(
    "leaves everything to another within lease and sweep, as delivery 2",
    { timeout: TIMEOUT },
    async () => {
      const { started, kill } = setup();
      const hanging = await started("hang");
      const publisher = await started("publish");
      await until(() => hanging.lines().length >= 8);
      await kill(publisher.child);
      const began = hanging.lines().map((line) => line.split(" ")[1]!);
      await kill(hanging.child);
      const killedAt = performance.timeOrigin + performance.now();
      const next = await started("consume");
      const again = () => next.lines().filter((line) => line.startsWith("b "));
      await until(() => began.every((id) => again().some((line) => line.split(" ")[1] === id)));
      for (const line of again().filter((each) => began.includes(each.split(" ")[1]!))) {
        const [, , at, deliveries] = line.split(" ");
        expect(Number(deliveries)).toBe(2);
        expect(Number(at) - killedAt).toBeLessThan(1_000 + 500 + 1_500); // lease, sweep, and a slow machine
      }
    },
  );
});

describe("a producer that is killed", () => {
  test(
    "has left everything that it was told is accepted, once, and nothing in part",
    { timeout: TIMEOUT },
    async () => {
      const { file, started, kill } = setup();
      const { transport, items } = await open({ path: file });
      await transport.declare(group("reader", { events: ["crash.stored"] }));
      const publisher = await started("publish");
      await until(() => publisher.lines().filter((line) => line.startsWith("a ")).length >= 50);
      await kill(publisher.child);
      const of = (what: string) => publisher.lines().filter((line) => line.startsWith(what));
      const idsOf = (what: string) => of(what).map((line) => line.slice(2));
      const accepted = idsOf("a ");
      transport.credit("reader", 100_000);
      await until(() => items.length >= accepted.length);
      const came = items.map(
        ({ envelope }) => JSON.parse(new TextDecoder().decode((envelope as never)["body"])).id,
      );
      expect(new Set(came).size).toBe(came.length);
      expect(accepted.filter((id) => !came.includes(id))).toEqual([]);
      expect(came.filter((id) => !idsOf("w ").includes(id))).toEqual([]);
    },
  );
});

describe("the schema", () => {
  test("is made once by eight processes that start at the same moment", { timeout: TIMEOUT }, async () => {
    const { file, started } = setup();
    const all = await Promise.all(Array.from({ length: 8 }, () => started("start")));
    expect(all).toHaveLength(8);
    const database = new DatabaseSync(file);
    const versions = database.prepare("SELECT version FROM signalbox_schema").all();
    database.close();
    expect(versions.map(({ version }) => version)).toEqual([1]);
  });
});
