// The example keeps the contract: these lines are all that a transport of your own needs.
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createBus, Event } from "signalbox";
import { contractCases } from "signalbox/testing/contract";
import { afterAll, describe, expect, test } from "vitest";
import { Journal } from "../../docs/examples/journal-transport/journal.js";

const folder = mkdtempSync(path.join(tmpdir(), "journal-"));
afterAll(() => rmSync(folder, { recursive: true }));

const features = { ...new Journal("").features, flood: 20_000 };

const cases = contractCases("journal", ({ id }) => new Journal(path.join(folder, id)), features);

describe("a journal in a file", () => {
  for (const each of cases.filter(({ reason }) => reason === undefined))
    test(`keeps the contract: ${each.name}`, { timeout: 120_000 }, async () => {
      await expect(each.run()).resolves.toBeUndefined();
    });

  test("has a reason for each case that it leaves out", () => {
    const left = cases.flatMap(({ reason = [] }) => reason);
    expect(left).toContain("No order is kept (order: none).");
    expect(left.length).toBeLessThan(cases.length / 2 + 10);
  });
});

class Noted extends Event("journal.noted")<{ n: number }> {}

describe("a journal in a file that was not closed", () => {
  test("delivers what a process that was killed had accepted, and counts that delivery", async () => {
    const file = path.join(folder, "killed");
    const killed = createBus({ transport: new Journal(file) });
    killed.on(Noted, { name: "reader", lane: { concurrency: 1 } }, () => new Promise(() => undefined));
    await killed.start();
    await killed.publish([new Noted({ n: 1 }), new Noted({ n: 2 }), new Noted({ n: 3 })]);
    appendFileSync(file, '{"number":4,"item":{"group":"rea'); // what was being written
    const got: string[] = [];
    await using next = createBus({ transport: new Journal(file) });
    await new Promise<void>((resolve) => {
      next.on(Noted, { name: "reader", lane: { concurrency: 1 } }, ({ n }, { deliveries }) => {
        got.push(`${n} delivery ${deliveries}`);
        if (got.length === 3) resolve();
      });
      void next.start();
    });
    expect(got).toEqual(["1 delivery 2", "2 delivery 2", "3 delivery 1"]);
  });
});
