/**
 * The pages keep their word: README.md and docs/**.
 *
 * Code stands in fences:
 * - ```ts is a whole program. It is type-checked, strict, against the sources, and run; it must end by itself, without an
 *   error. If the next fence is ```text and at most one line of words is between them, it must print exactly that, where `…`
 *   stands for anything.
 * - ```ts no-run is a whole program too and type-checked the same, but not run: it needs a network, a signal or a test runner.
 * - ```ts fragment is a part of a program. It is type-checked too. What the front door exports it need not import, and other
 *   names that it does not declare may stay unknown.
 * Blocks with `declare module` are compiled by themselves, since they change types for a whole program.
 *
 * A promise names the test that proves it in a comment, `<!-- test: the exact title -->`: a title as it is written in the
 * source of the test, alone or behind the titles of its describes (`group > title`).
 */
import { existsSync, rmSync } from "node:fs";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { compile, run, setUpWorkshop, type Run, type Workshop } from "./support/docs-blocks.js";
import { exportedNames, linkFaults, promiseFaults } from "./support/docs-rules.js";
import { blocksOf, prints, promisesOf, type Block } from "./support/markdown.js";
import { filesUnder, ROOT, textOf } from "./support/repository.js";
import { titlesIn } from "./support/test-titles.js";

function setup() {
  const files = ["README.md", ...filesUnder("docs", ".md")].filter((file) =>
    existsSync(path.join(ROOT, file)),
  );
  const pages = Object.fromEntries(files.map((file) => [file, textOf(file)]));
  const blocks = files.flatMap((file) => blocksOf(file, textOf(file)));
  const knows = titlesIn(filesUnder("test", ".ts").map((file) => textOf(file)));
  return { pages, blocks, knows };
}

async function build(blocks: readonly Block[], frontDoor = exportedNames(textOf("src/index.ts"))) {
  const workshop = setUpWorkshop(blocks, frontDoor);
  const faults = await compile(workshop);
  return { workshop, faults, remove: () => rmSync(workshop.folder, { recursive: true, force: true }) };
}

/** Two at a time: enough for the processors of a small machine. */
async function runAll(workshop: Workshop): Promise<Map<Block, Run>> {
  const waiting = workshop.blocks.filter(({ block }) => block.kind === "run");
  const runs = new Map<Block, Run>();
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      runs.set(next.block, await run(workshop, next));
    }
  };
  await Promise.all([worker(), worker()]);
  return runs;
}

describe("the pages", () => {
  const { pages, blocks, knows } = setup();
  const runnable = blocks.filter((block) => block.kind === "run");
  let built: Awaited<ReturnType<typeof build>> | undefined;
  let runs: Map<Block, Run>;

  beforeAll(async () => {
    built = await build(blocks);
    runs = await runAll(built.workshop);
  }, 300_000);
  afterAll(() => built?.remove());

  it("have a README with code that runs", () => {
    expect(runnable.map((block) => block.page)).toContain("README.md");
  });

  it("have code that compiles, strict, against the sources", () => {
    expect(built?.faults).toEqual([]);
  });

  it.each(runnable.map((block) => [`${block.page}:${block.line}`, block] as const))(
    "have code that runs and prints what the page shows: %s",
    (_, block) => {
      const { printed, failure } = runs.get(block)!;
      expect(failure).toBeUndefined();
      expect(
        prints(block.output ?? "…", printed),
        `it printed:
${printed}`,
      ).toBe(true);
    },
  );

  it("name a test for their promises, and it is there", () => {
    expect(promiseFaults(pages, knows)).toEqual([]);
  });

  it("link to files that are there", () => {
    expect(linkFaults(pages, (file) => existsSync(path.join(ROOT, file)))).toEqual([]);
  });
});

describe("the checks of the pages", () => {
  const page = (...lines: string[]): Block[] => blocksOf("page.md", lines.join("\n"));

  it("read blocks with their line, their kind and their output", () => {
    const blocks = page(
      "# A",
      "```ts",
      "a();",
      "```",
      "It prints:",
      "",
      "```text",
      "1",
      "2",
      "```",
      "```js",
      "x",
      "```",
    );
    expect(blocks).toEqual([{ page: "page.md", line: 3, kind: "run", text: "a();", output: "1\n2" }]);
    expect(page("```ts no-run", "```", "```ts fragment", "```").map((block) => block.kind)).toEqual([
      "no-run",
      "fragment",
    ]);
    expect(
      page("```ts", "a();", "```", "Some words.", "More words.", "```text", "a box", "```")[0]?.output,
    ).toBeUndefined();
  });

  it("refuse a fence with an unknown word and one that is never closed", () => {
    expect(() => page("```ts norun", "```")).toThrow("page.md:1: a block is ts, ts no-run or ts fragment");
    expect(() => page("```ts", "a();")).toThrow("the fence in line 1 is never closed");
  });

  it("compare what is printed, with … for anything", () => {
    expect(prints("a (1)\nb", "a (1)  \nb\n")).toBe(true);
    expect(prints("took … ms\nend", "took 1.5 ms\nend")).toBe(true);
    expect(prints("a.", "ab")).toBe(false);
    expect(prints("a", "a\nb")).toBe(false);
  });

  it("find a type error at its line, also in a block that is not run and in a fragment", async () => {
    const text = [
      "```ts no-run\nconst one: number = 1;\nconst two: string = one;\n```",
      "```ts fragment\nconst three: string = 3;\nelsewhere(three);\n```",
      '```ts\nimport { show } from "./show.js";\nshow();\n```',
    ].join("\n");
    const { faults, remove } = await build(page(text), []);
    remove();
    expect(faults).toEqual([
      expect.stringMatching(/^page\.md:3: TS2322/),
      expect.stringMatching(/^page\.md:6: TS2322/),
      expect.stringMatching(/^page\.md:10: TS2307/),
    ]);
  }, 60_000);

  it("find a program that throws and one that prints something else", async () => {
    const blocks = page(
      "```ts",
      'throw new Error("planted");',
      "```",
      "```ts",
      "console.log(1 as number);",
      "```",
    );
    const { faults, workshop, remove } = await build(blocks, []);
    const runs = await runAll(workshop);
    remove();
    expect(faults).toEqual([]);
    expect(runs.get(blocks[0]!)?.failure).toContain("planted");
    expect(runs.get(blocks[1]!)).toEqual({ printed: "1\n", failure: undefined });
  }, 60_000);

  it("find a page that names no test, and a test that is not there", () => {
    const knows = titlesIn(['describe("lanes", () => { it("keep order", () => {}); });']);
    const pages = {
      "docs/bare.md": "# Bare",
      "docs/decisions/1.md": "# Exempt",
      "docs/wrong.md": "<!-- test: keep disorder -->",
      "docs/right.md": "<!-- test: keep order --> <!-- test:\n lanes > keep order -->",
    };
    expect(promiseFaults(pages, knows)).toEqual([
      "docs/bare.md names no test",
      "docs/wrong.md names a test that is not there: keep disorder",
    ]);
  });

  it("know titles from each, from templates and from modifiers, and nothing from elsewhere", () => {
    const knows = titlesIn([
      'it.each([1])("takes %s", () => {}); test.skipIf(x)("waits", () => {}); it(`in ${dialect}: works`, () => {});',
      'iterate("is no test"); describe("a group", () => {}); const s = "it(\\"quoted\\")";',
    ]);
    expect(["takes %s", "waits", "in legacy: works"].map(knows)).toEqual([true, true, true]);
    expect(["is no test", "a group", "quoted", "works"].map(knows)).toEqual([false, false, false, false]);
  });

  it("read several promises of one page", () => {
    expect(promisesOf("a <!-- test: one --> b\n<!--test: two\n  words-->")).toEqual(["one", "two words"]);
  });

  it("find a link to nowhere, but not in code and not on the web", () => {
    const text =
      "[a](lanes.md#keys) [b](nowhere.md) [c](https://x.y) `[d](no.md)`\n```\n[e](no.md)\n```\n[f](../README.md)";
    const exists = (file: string): boolean => ["docs/lanes.md", "README.md"].includes(file);
    expect(linkFaults({ "docs/page.md": text }, exists)).toEqual([
      "docs/page.md links to nowhere.md, which is not there",
    ]);
  });

  it("read the names of the front door", () => {
    expect(exportedNames('export { a, b as c } from "./x.js"; export type { D } from "./y.js";')).toEqual([
      "a",
      "c",
      "D",
    ]);
  });
});
