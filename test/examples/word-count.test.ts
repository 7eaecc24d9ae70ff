// The example as a test: the same files, counted with a plain loop for comparison.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { countWith } from "../../docs/examples/word-count/run.js";
import { textFiles } from "../../docs/examples/word-count/texts.js";
import { countIn } from "../../docs/examples/word-count/word-counter.js";

const files = textFiles();

test.each([1, 2, 4, 8])(
  "give the same words with every number of slots, and never use more of them: %i",
  async (slots) => {
    const counted = await countWith(slots, files);
    const texts = files.map((file) => readFileSync(file, "utf8"));
    const plain = countIn(texts.join("\n"));
    expect(counted.files).toBe(files.length);
    expect(counted.words).toBe(Object.values(plain).reduce((a, b) => a + b, 0));
    expect(counted.top[0]).toEqual(["the", plain["the"]]);
    expect(counted.mostAtOnce).toBe(slots);
  },
);

test("reads real text, and a lot of it", () => {
  expect(files.length).toBeGreaterThan(200);
  expect(countIn("The the, CONSTRUCTOR naïve 3")).toEqual({ the: 2, constructor: 1, naïve: 1 });
});
