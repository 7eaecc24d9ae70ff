/** Several processes at once: real ones, and SIGKILL. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { worker } from "../crash/build.mjs";
import { forking } from "../support/forking.js";
import { group, until } from "../support/kept-items.js";
import { describeStores, type Place } from "./places.js";

const TIMEOUT = 60_000;

let program: string;
beforeAll(async () => {
  const made = mkdtempSync(path.join(tmpdir(), "signalbox-worker-"));
  program = await worker(made);
  return () => rmSync(made, { recursive: true });
});

function on(place: Place) {
  const home = mkdtempSync(path.join(tmpdir(), "signalbox-logs-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const orders = (_: string, count: number) => ({ ...place.orders, writer: `w${count}`, lease: 1_000 });
  return { place, ...forking(program, home, orders) };
}

describeStores("a consumer that is killed in the middle of its handlers", (setup) => {
  test(
    "leaves everything to another within lease and sweep, as delivery 2",
    { timeout: TIMEOUT },
    async () => {
      const { started, kill } = on(setup());
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

describeStores("a producer that is killed", (setup) => {
  test(
    "has left everything that it was told is accepted, once, and nothing in part",
    { timeout: TIMEOUT },
    async () => {
      const { place, started, kill } = on(setup());
      const { transport, items } = await place.open();
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

describeStores("the schema", (setup) => {
  test("is made once by eight processes that start at the same moment", { timeout: TIMEOUT }, async () => {
    const { place, started } = on(setup());
    const all = await Promise.all(Array.from({ length: 8 }, () => started("start")));
    expect(all).toHaveLength(8);
    const versions = await place.query((table) => `SELECT version FROM ${table("schema")}`);
    expect(versions.map(({ version }) => version)).toEqual([1]);
  });
});
