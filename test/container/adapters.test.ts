import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync(new URL("../../docs/dependency-injection.md", import.meta.url), "utf8");

/** An adapter without its opening comment and imports, which name the package in the page. */
function bodyOf(name: string): string {
  const source = readFileSync(new URL(`./adapters/${name}.ts`, import.meta.url), "utf8");
  return source.slice(source.lastIndexOf('";\n', source.indexOf("export function")) + 3).trim();
}

test.each(["awilix", "inversify", "nest"])(
  "the page shows the adapter for %s that the contract proves",
  (name) => {
    expect(page).toContain(bodyOf(name));
  },
);
