/** The command and the page that it writes. */
import { describe, expect, test } from "vitest";
import { command } from "../../contract/contract.js";
import { page } from "../../contract/page.js";
import { textOf } from "../../support/repository.js";

async function setup(...args: readonly string[]) {
  const lines: string[] = [];
  const code = await command(args, (line) => lines.push(line));
  return { code, text: lines.join("\n") };
}

describe("npm run contract", () => {
  test("prints one object with --json", async () => {
    const { code, text } = await setup("--transport", "memory", "--json", "--only", "M01,M05,M18");
    expect(code).toBe(0);
    expect(JSON.parse(text)).toEqual({
      transport: "memory",
      passed: 2,
      failed: 0,
      skipped: [{ id: "M18", reason: "No store holds the queue (holds: lane)." }],
      failures: [],
    });
  });

  test("prints a line for each case, and a last one that sums up", async () => {
    const { code, text } = await setup("--only", "M01,M18");
    expect(code).toBe(0);
    expect(text.split("\n")).toEqual([
      "ok      M01 round trip",
      "left out M18: No store holds the queue (holds: lane).",
      "memory: 1 passed, 0 failed, 1 left out",
    ]);
  });

  test("runs the cases ten times with --stress", async () => {
    const { text } = await setup("--json", "--stress", "--only", "M01,M05");
    expect(JSON.parse(text)).toMatchObject({ passed: 20, failed: 0 });
  });

  test("says which transports it knows", async () => {
    const { code, text } = await setup("--transport", "carrier-pigeon");
    expect([code, text]).toEqual([2, expect.stringContaining("Known: memory")]);
  });
});

test("docs/contract.md is what `npm run contract -- --page` writes", () => {
  expect(textOf("docs/contract.md")).toBe(page());
});
