/** The titles of all tests, read from their sources, so that a page can name one. */
import ts from "typescript";

/** Whether a title is among those of the tests. */
export type Knows = (title: string) => boolean;

/** Reads it(…), test(…), it.each(…)(…) and the like; a title may also be given with those of its describes, joined by " > ". */
export function titlesIn(sources: readonly string[]): Knows {
  const titles = sources.flatMap((text) => read(text));
  const exact = new Set(titles.filter((title) => typeof title === "string"));
  const patterns = titles.filter((title) => typeof title !== "string");
  return (title) => exact.has(title) || patterns.some((pattern) => pattern.test(title));
}

function read(text: string): (string | RegExp)[] {
  const file = ts.createSourceFile("test.ts", text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const titles: (string | RegExp)[] = [];
  const visit = (node: ts.Node, groups: readonly string[]): void => {
    const call = titled(node);
    if (call?.kind === "test") titles.push(...withGroups(groups, call.title));
    const inside =
      call?.kind === "describe" && typeof call.title === "string" ? [...groups, call.title] : groups;
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(file, []);
  return titles;
}

function withGroups(groups: readonly string[], title: string | RegExp): (string | RegExp)[] {
  if (typeof title !== "string") return [title];
  return [title, ...groups.map((_, index) => [...groups.slice(index), title].join(" > "))];
}

function titled(node: ts.Node): { kind: "test" | "describe"; title: string | RegExp } | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const name = /^(it|test|describe)\b/.exec(rootName(node.expression))?.[1];
  const title = node.arguments[0] === undefined ? undefined : titleOf(node.arguments[0]);
  if (name === undefined || title === undefined) return undefined;
  return { kind: name === "describe" ? "describe" : "test", title };
}

/** `it` of it("…"), of it.skipIf(x)("…") and of it.each([…])("…"). */
function rootName(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) return rootName(node.expression);
  return ts.isTaggedTemplateExpression(node) ? rootName(node.tag) : "";
}

/** A template with holes is a pattern. */
function titleOf(node: ts.Expression): string | RegExp | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  const parts = [node.head.text, ...node.templateSpans.map((span) => span.literal.text)];
  return new RegExp(
    `^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join(".+")}$`,
  );
}
