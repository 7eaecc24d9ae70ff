/** docs/sqlite.md has the features and the options that the code has. */
import { expect, test } from "vitest";
import { sqlite } from "signalbox/sqlite";
import { sqliteOptions } from "../../src/sqlite/options.js";
import { featureRows, optionRows, rowsBehind } from "../support/transport-pages.js";

const PAGE = "docs/sqlite.md";

test("the features on the page are those that a SQLite transport declares", () => {
  expect(rowsBehind(PAGE, "features")).toEqual(featureRows(sqlite({ path: "-" }).features));
});

test("the options on the page are those that sqlite() takes", () => {
  expect(rowsBehind(PAGE, "options")).toEqual(optionRows(sqliteOptions));
});
