/** The rules of the pages: each takes pages and answers with its faults, in sentences. */
import ts from "typescript";

import { promisesOf } from "./markdown.js";
import type { Knows } from "./test-titles.js";

/** By path from the root of the repository: its text. */
export type Pages = Readonly<Record<string, string>>;

/** Pages that make promises: the README and docs/, without the decisions and the examples. */
export function promises(page: string): boolean {
  return page === "README.md" || (page.startsWith("docs/") && !/^docs\/(decisions|examples)\//.test(page));
}

/** Every page that makes promises names a test, and every test named is there. */
export function promiseFaults(pages: Pages, knows: Knows): string[] {
  return Object.entries(pages).flatMap(([page, text]) => {
    const named = promisesOf(text);
    const bare = named.length === 0 && promises(page) ? [`${page} names no test`] : [];
    const missing = named.filter((title) => !knows(title));
    return [...bare, ...missing.map((title) => `${page} names a test that is not there: ${title}`)];
  });
}

/** Links to files that are not there; `exists` is asked with a path from the root. */
export function linkFaults(pages: Pages, exists: (path: string) => boolean): string[] {
  return Object.entries(pages).flatMap(([page, text]) => {
    const prose = text.replaceAll(/^ *(`{3,})[^]*?^ *\1 *$/gm, "").replaceAll(/`[^`\n]*`/g, "");
    const links = [...prose.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)].map((match) => match[1]!);
    const local = links.filter((link) => !/^[a-z]+:/.test(link));
    const broken = local.filter((link) => !exists(new URL(link, `file:///${page}`).pathname.slice(1)));
    return broken.map((link) => `${page} links to ${link}, which is not there`);
  });
}

/** Every name that a front door exports by name. */
export function exportedNames(text: string): string[] {
  const file = ts.createSourceFile("index.ts", text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  return file.statements.flatMap((statement) => {
    const clause = ts.isExportDeclaration(statement) ? statement.exportClause : undefined;
    return clause !== undefined && ts.isNamedExports(clause)
      ? clause.elements.map((each) => each.name.text)
      : [];
  });
}
