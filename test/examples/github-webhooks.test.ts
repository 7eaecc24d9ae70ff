// The demo as a test: the same servers, payloads and subscribers, in this process.
import { createRequire } from "node:module";
import type { WebhookDefinition } from "@octokit/webhooks-examples";
import { describe, expect, test } from "vitest";
import { eventOf, everyEvent } from "../../docs/examples/github-webhooks/catalogue.js";
import { check } from "../../docs/examples/github-webhooks/check.js";
import { deliveriesOf } from "../../docs/examples/github-webhooks/deliveries.js";
import { expectedHandlings } from "../../docs/examples/github-webhooks/expectations.js";
import { Ledger } from "../../docs/examples/github-webhooks/ledger.js";
import { randomOf } from "../../docs/examples/github-webhooks/random.js";
import { run } from "../../docs/examples/github-webhooks/run.js";

const examples = createRequire(import.meta.url)("@octokit/webhooks-examples") as readonly WebhookDefinition[];
const DEMO = 30_000; // milliseconds: it waits for real servers and real retries

async function setup(options: { seed: number; sabotage: boolean }) {
  const lines: string[] = [];
  const verdict = await run({ ...options, log: (line) => lines.push(line) });
  return { verdict, lines, text: lines.join("\n"), last: lines.at(-1) };
}

describe("the GitHub webhooks demo", () => {
  test("handles all 329 webhooks in every subscription that wants them", { timeout: DEMO }, async () => {
    const { verdict, text, last } = await setup({ seed: 1, sabotage: false });
    expect(verdict.faults).toEqual([]);
    expect(last).toBe("329 received, 329 published, 522 handled, 0 lost");
    expect(text).toContain("a forged webhook was answered 401");
    expect(text).toMatch(/\b[1-9]\d* times the answer was 503/);
    expect(text).toMatch(/\b[1-9]\d* of those were in the audit trail already/);
    expect(text).toContain("the pager is repaired, 17 replayed, 0 dead letters left");
  });

  test("names the one delivery that sabotage drops", { timeout: DEMO }, async () => {
    const { verdict, lines, last } = await setup({ seed: 2, sabotage: true });
    expect(last).toBe("329 received, 329 published, 521 handled, 1 lost");
    expect(verdict.faults).toEqual([expect.stringMatching(/^LOST: [\w.]+ never handled \w+ [0-9a-f-]{36}$/)]);
    expect(lines).toContain(verdict.faults[0]);
  });
});

describe("the events of the demo", () => {
  test("are one class for each of GitHub's 58 names", () => {
    const names = new Set(everyEvent.map(({ eventName }) => eventName));
    expect(everyEvent).toHaveLength(58);
    expect(names).toEqual(new Set(examples.map(({ name }) => `github.${name}`)));
  });

  test("carry every payload unchanged", () => {
    for (const { name, payload } of deliveriesOf(randomOf(1)))
      expect(JSON.parse(JSON.stringify(eventOf(name, payload)))).toEqual(payload);
  });
});

describe("the check of the demo", () => {
  function honest() {
    const deliveries = deliveriesOf(randomOf(1));
    const ledger = new Ledger();
    for (const { id, name } of deliveries)
      for (const store of ["http.received", "http.published"]) ledger.write(store, id, name);
    for (const { subscription, delivery } of expectedHandlings(deliveries))
      ledger.write(subscription, delivery.id, `octo/repo#1`);
    return { deliveries, ledger };
  }

  test("is content when everybody wrote down what they should", () => {
    const { deliveries, ledger } = honest();
    expect(check(deliveries, ledger)).toEqual({
      received: 329,
      published: 329,
      handled: 522,
      lost: 0,
      handledAgain: 0,
      faults: [],
    });
  });

  test("reports what was handled twice, by the wrong subscription, or out of order", () => {
    const { deliveries, ledger } = honest();
    const [ping, issue] = ["ping", "issues"].map(
      (name) => deliveries.find((one) => one.name === name)?.id ?? "",
    );
    ledger.write("audit.record", ping!, "again");
    ledger.write("search.index", ping!, "not code");
    ledger.write("issues.triage", issue!, "octo/repo#1");
    expect(check(deliveries, ledger).faults).toEqual([
      `ONCE TOO OFTEN: audit.record handled ${ping} (again)`,
      `ONCE TOO OFTEN: issues.triage handled ${issue} (octo/repo#1)`,
      `ONCE TOO OFTEN: search.index handled ${ping} (not code)`,
      `OUT OF ORDER: issues.triage ${issue} (octo/repo#1)`,
    ]);
  });

  test("counts what the next process handled again, and finds no fault in it", () => {
    const { deliveries, ledger } = honest();
    const row = { id: deliveries[0]!.id, note: "again", at: 0 };
    ledger.add("audit.record", { ...row, life: 2 });
    expect(check(deliveries, ledger)).toMatchObject({ handled: 522, handledAgain: 1, faults: [] });
    ledger.add("audit.record", { ...row, life: 2 });
    expect(check(deliveries, ledger)).toMatchObject({
      handledAgain: 1,
      faults: [`ONCE TOO OFTEN: audit.record handled ${row.id} (again)`],
    });
  });

  test("reports what was published as new twice", () => {
    const { deliveries, ledger } = honest();
    const { id } = deliveries[0]!;
    ledger.write("http.published", id, "known");
    expect(check(deliveries, ledger).faults).toEqual([]);
    for (const life of [1, 2]) ledger.add("http.published", { id, note: "new", at: 0, life });
    expect(check(deliveries, ledger).faults).toEqual([`PUBLISHED TWICE: ${id}`]);
  });

  test("takes the order in which they were published, where the first sending was lost with its process", () => {
    const issues = deliveriesOf(randomOf(1)).filter(({ name }) => name === "issues");
    const [first, second] = issues.map(({ id }) => id) as [string, string];
    const order = (note: string) => {
      const ledger = new Ledger();
      for (const id of [first, second, second, first]) ledger.write("http.received", id, "issues");
      for (const id of [second, first]) ledger.write("http.published", id, note);
      for (const id of [second, first]) ledger.write("issues.triage", id, "octo/repo#1");
      return check([], ledger).faults.filter((fault) => fault.startsWith("OUT OF ORDER"));
    };
    expect(order("new")).toEqual([]);
    expect(order("known")).toEqual([`OUT OF ORDER: issues.triage ${first} (octo/repo#1)`]);
  });

  test("reports what never arrived and what was never published", () => {
    const [delivery] = deliveriesOf(randomOf(1));
    const { faults } = check([delivery!], new Ledger());
    expect(faults).toContain(`NOT RECEIVED: ${delivery!.name} ${delivery!.id}`);
    expect(faults).toContain(`NOT PUBLISHED: ${delivery!.name} ${delivery!.id}`);
    expect(faults).toContain(`LOST: audit.record never handled ${delivery!.name} ${delivery!.id}`);
  });
});
