/** docs/sqlite.md has the features and the options that the code has. */
import { expect, test } from "vitest";
import { sqlite } from "signalbox/sqlite";
import { sqliteOptions } from "../../src/sqlite/options.js";
import { textOf } from "../support/repository.js";

const PAGE = textOf("docs/sqlite.md");

/** The rows of the table behind a mark, without the spaces that a formatter puts in. */
function rowsBehind(mark: string): string[] {
  const [, behind = ""] = PAGE.split(`<!-- ${mark} -->\n\n`);
  const lines = behind.split("\n\n")[0]!.split("\n").slice(2);
  return lines.map((line) => line.replaceAll(/ +/g, " ").trim());
}

function shown(value: unknown): string {
  if (typeof value !== "number") return JSON.stringify(value);
  return String(value).replace(/\B(?=(\d{3})+$)/g, "_");
}

test("the features on the page are those that a SQLite transport declares", () => {
  const features = Object.entries(sqlite({ path: "-" }).features);
  expect(rowsBehind("features")).toEqual(
    features.map(([name, value]) => `| \`${name}\` | \`${shown(value)}\` |`),
  );
});

test("the options on the page are those that sqlite() takes", () => {
  const rows = Object.entries(sqliteOptions).map(([name, option]) => {
    const standard = option.default === undefined ? "" : `\`${JSON.stringify(option.default)}\``;
    return `| \`${name}\` | ${option.expects} | ${standard} | ${option.about} |`.replaceAll(/ +/g, " ");
  });
  expect(rowsBehind("options")).toEqual(rows);
});
