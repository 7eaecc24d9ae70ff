/** docs/postgres.md has the features and the options that the code has. */
import { expect, test } from "vitest";
import { postgres } from "signalbox/postgres";
import { postgresOptions } from "../../src/postgres/options.js";
import { featureRows, optionRows, rowsBehind } from "../support/transport-pages.js";

const PAGE = "docs/postgres.md";

test("the features on the page are those that a PostgreSQL transport declares", () => {
  expect(rowsBehind(PAGE, "features")).toEqual(featureRows(postgres().features));
});

test("the options on the page are those that postgres() takes", () => {
  expect(rowsBehind(PAGE, "options")).toEqual(optionRows(postgresOptions));
});
