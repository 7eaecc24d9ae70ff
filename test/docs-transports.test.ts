/** The pages of transports have one shape, and say what the code says. */
import { expect, test } from "vitest";

import { memory } from "signalbox";
import { postgres } from "signalbox/postgres";
import { sqlite } from "signalbox/sqlite";

import { busOptions } from "../src/dispatch/bus-options.js";
import { laneOptions } from "../src/lane/lane-options.js";
import {
  featureRows,
  headingsOf,
  optionRows,
  rowsBehind,
  shownFeature,
  transportPages,
} from "./support/transport-pages.js";

const HEADINGS = [
  "What it promises",
  "Set-up",
  "Options",
  "What survives which crash",
  "Operating it",
  "Limits",
];

/* In the order of the columns. */
const COMPARED = [memory(), sqlite({ path: "-" }), postgres()].map(({ features }) => features);

test("there is a page for memory and one for each store", () => {
  expect(transportPages).toEqual(
    expect.arrayContaining(["docs/memory.md", "docs/sqlite.md", "docs/postgres.md"]),
  );
});

test.each(transportPages)("the page of a transport has the headings of all others: %s", (page) => {
  expect(headingsOf(page)).toEqual(HEADINGS);
});

test("the features on the page of memory are those that it declares", () => {
  expect(rowsBehind("docs/memory.md", "features")).toEqual(featureRows(memory().features));
});

test("the options on the page of memory are those of lanes and of the bus", () => {
  expect(rowsBehind("docs/memory.md", "options")).toEqual([
    ...optionRows(laneOptions, ["capacity", "overflow", "waitMax", "waitingMax"]),
    ...optionRows(busOptions, ["heldMax", "delayedMax", "isolate"]),
  ]);
});

test("the comparison of transports has the features that each declares", () => {
  const rows = Object.keys(memory().features).map((name) => {
    const cells = COMPARED.map((features) => `\`${shownFeature(features[name as keyof typeof features])}\``);
    return `| \`${name}\` | ${cells.join(" | ")} |`;
  });
  const shown = rowsBehind("docs/choosing-a-transport.md", "comparison");
  expect(shown.map((row) => row.split(" | ").slice(0, -1).join(" | ") + " |")).toEqual(rows);
});
