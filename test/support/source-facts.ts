/** What the house test has to know of a source file: whom it imports, and whether it reads clocks, sets timers or rolls dice. */
import ts from "typescript";

export interface SourceFacts {
  /** From the root of the repository, with forward slashes: src/lane/lane.ts. */
  readonly path: string;
  readonly lines: number;
  /** As written: "./lane.js", "p-queue"; type imports, re-exports, import() and import types too. */
  readonly imports: readonly string[];
  /** Names of clocks, timers and chance, each with its line: "Date.now (12)". */
  readonly clocks: readonly string[];
}

export function factsOf(path: string, text: string): SourceFacts {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const imports: string[] = [];
  const clocks: string[] = [];
  const visit = (node: ts.Node): void => {
    const from = importOf(node);
    if (from !== undefined) imports.push(from);
    const clock = clockOf(node);
    if (clock !== undefined)
      clocks.push(`${clock} (${file.getLineAndCharacterOfPosition(node.getStart()).line + 1})`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { path, lines: text.trimEnd().split("\n").length, imports, clocks };
}

function importOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (ts.isExternalModuleReference(node)) return textOf(node.expression);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return textOf(node.argument.literal);
  const dynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return dynamic ? textOf(node.arguments[0]) : undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

const GLOBALS = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "performance",
  "crypto",
]);
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  Date: ["now"],
  Math: ["random"],
  AbortSignal: ["timeout"],
  process: ["hrtime", "nextTick"],
};
const MODULES = /^(node:)?(timers|timers\/promises|perf_hooks|crypto)$/;

function clockOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return memberClock(node);
  if (ts.isIdentifier(node)) return GLOBALS.has(node.text) && isUse(node) ? node.text : undefined;
  if (ts.isNewExpression(node) && node.expression.getText() === "Date")
    return (node.arguments?.length ?? 0) === 0 ? "new Date()" : undefined;
  if (ts.isCallExpression(node) && node.expression.getText() === "Date") return "Date()";
  const from = importOf(node);
  return from !== undefined && MODULES.test(from) ? from : undefined;
}

function memberClock(node: ts.PropertyAccessExpression): string | undefined {
  const [owner, name] = [node.expression.getText().replace(/^globalThis\./, ""), node.name.text];
  if (owner === "globalThis") return GLOBALS.has(name) ? name : undefined;
  return MEMBERS[owner]?.includes(name) === true ? `${owner}.${name}` : undefined;
}

/** Not the name of a property, as in clock.setTimeout(…) or { setTimeout: … }: ports may use the words. */
function isUse(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent)) return false;
  const named = (parent as { name?: ts.Node }).name === node;
  return !named || ts.isShorthandPropertyAssignment(parent);
}
