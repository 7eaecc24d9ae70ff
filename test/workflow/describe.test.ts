/** Workflows as drawings. */
import { expect, test } from "vitest";
import { chain, chord, chunks, group, map, type Form } from "../../src/workflow/index.js";
import { n } from "../dispatch/setup.js";
import { Add, Double, Nothing } from "../task/setup.js";

const work = chord(
  group([new Double({ n: 1 }), chain(new Add({ a: 1, b: 2 }), (a) => new Double({ n: a }))], {
    require: "any",
    concurrency: 2,
    finally: new Nothing(),
  }),
  function join() {
    return new Nothing();
  },
);

test("describe draws work as an indented list", () => {
  expect(work.describe()).toBe(
    [
      "chain",
      "  1. group of 2, any required, 2 at once",
      "    - math.double",
      "    - chain",
      "      1. math.add",
      "      2. (function)",
      "    finally test.nothing",
      "  2. (join)",
    ].join("\n"),
  );
});

test("describe draws work as a Mermaid flowchart", () => {
  expect(work.describe("mermaid")).toBe(
    [
      "flowchart TD",
      '  n1{{"group of 2, any required, 2 at once"}}',
      '  n2["math.double"]',
      '  n3["math.add"]',
      '  n4["(function)"]',
      '  n5{{"all have ended"}}',
      '  n6["finally test.nothing"]',
      '  n7["(join)"]',
      "  n3 --> n4",
      "  n1 --> n2",
      "  n2 --> n5",
      "  n1 --> n3",
      "  n4 --> n5",
      "  n5 --> n6",
      "  n6 --> n7",
    ].join("\n"),
  );
});

test("describe draws work in DOT", () => {
  expect(chain(new Add({ a: 1, b: 2 }), Double as never).describe("dot")).toBe(
    [
      "digraph work {",
      '  n1 [label="math.add", shape=box];',
      '  n2 [label="math.double", shape=box];',
      "  n1 -> n2;",
      "}",
    ].join("\n"),
  );
  expect(group([]).describe("dot")).toContain("n1 -> n2;");
});

test("many tasks of one kind are one line, and twenty members of a group are drawn", () => {
  const inputs = n(100_000).map((each) => ({ n: each }));
  expect(map(Double, inputs).describe()).toBe("math.double × 100000");
  expect(map(Double, inputs, { concurrency: 4 }).describe("dot")).toContain(
    "math.double × 100000, 4 at once",
  );
  expect(chunks(Double, inputs, 10).describe()).toBe("math.double × 100000, in chunks of 10");
  const many = group(inputs.slice(0, 30).map((each) => new Double(each)));
  expect(many.describe().split("\n")).toHaveLength(22);
  expect(many.describe()).toContain("- and 10 more");
  expect(many.describe("mermaid")).toContain('["and 10 more"]');
});

test("names that are no words of the language are escaped", () => {
  const odd = { ['a "quoted" \\ name']: () => new Nothing() };
  const named = chain(new Nothing(), odd['a "quoted" \\ name']!);
  expect(named.describe("mermaid")).toContain('["(a #quot;quoted#quot; \\ name)"]');
  expect(named.describe("dot")).toContain('[label="(a \\"quoted\\" \\\\ name)"');
});

test("an unknown form is a TypeError", () => {
  expect(() => work.describe("svg" as Form)).toThrow(/"text", "mermaid" or "dot"/);
});
