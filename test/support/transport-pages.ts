/** The pages of transports: their headings, and tables that show what the sources have. */
import type { OptionTable } from "../../src/runtime/options.js";
import type { Features } from "../../src/transport/transport.js";
import { filesUnder, textOf } from "./repository.js";

/** Every page that shows the features of one transport. */
export const transportPages: readonly string[] = filesUnder("docs", ".md").filter((page) =>
  textOf(page).includes("<!-- features -->"),
);

/** The sections of a page. */
export function headingsOf(page: string): string[] {
  return Array.from(textOf(page).matchAll(/^## (.+)$/gm), ([, heading]) => heading!);
}

/** The rows of the table behind a mark, without the spaces that a formatter puts in. */
export function rowsBehind(page: string, mark: string): string[] {
  const [, behind = ""] = textOf(page).split(`<!-- ${mark} -->\n\n`);
  const lines = behind.split("\n\n")[0]!.trim().split("\n").slice(2);
  return lines.map((line) => line.replaceAll(/ +/g, " ").trim());
}

export function featureRows(features: Features): string[] {
  return Object.entries(features).map(([name, value]) => `| \`${name}\` | \`${shownFeature(value)}\` |`);
}

/** Of some options, or of all of them. */
export function optionRows(table: OptionTable, names: readonly string[] = Object.keys(table)): string[] {
  return names.map((name) => {
    const { expects, default: standard, about } = table[name]!;
    const shown = standard === undefined ? "" : `\`${JSON.stringify(standard)}\``;
    return `| \`${name}\` | ${expects} | ${shown} | ${about} |`.replaceAll(/ +/g, " ");
  });
}

export function shownFeature(value: unknown): string {
  if (typeof value !== "number") return JSON.stringify(value);
  return String(value).replace(/\B(?=(\d{3})+$)/g, "_");
}
