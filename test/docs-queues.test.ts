/** The page about queues tells what the experiments have found: its numbers are theirs, its pictures are there. */
import { expect, test } from "vitest";
import { filesUnder, textOf } from "./support/repository.js";

const PAGE = textOf("docs/queues.md");
const NUMBERS = JSON.parse(textOf("docs/images/queues.json")) as Record<string, Record<string, unknown>>;

/** All numbers of an experiment, as the page writes them. */
function numbersOf(value: unknown): string[] {
  if (typeof value === "number") return [value.toLocaleString("en")];
  return Object.values(value as object).flatMap(numbersOf);
}

/** The part of the page that shows the picture of an experiment. */
function sectionWith(picture: string): string {
  return PAGE.split(/^## /m).find((section) => section.includes(picture)) ?? "";
}

/* A picture shows more shares than the table. */
const SHOWN = /at (50|70|80|90|95) %$/;

test.each(Object.keys(NUMBERS))("the numbers of the experiment stand beside its picture: %s", (name) => {
  const picture = `images/queues-${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.svg`;
  const found = Object.entries(NUMBERS[name]!).filter(([key]) => name !== "utilisation" || SHOWN.test(key));
  const cells: readonly string[] = sectionWith(picture).match(/[\d,.]*\d/g) ?? [];
  expect(numbersOf(found.map(([, value]) => value)).filter((number) => !cells.includes(number))).toEqual([]);
  expect(found.length).toBeGreaterThan(0);
});

test("every picture is shown, and every picture that is shown is there", () => {
  const shown = [...PAGE.matchAll(/\(images\/(queues-[a-z-]+\.svg)\)/g)].map(
    ([, file]) => `docs/images/${file}`,
  );
  expect(shown.toSorted()).toEqual(filesUnder("docs/images", ".svg").toSorted());
});
