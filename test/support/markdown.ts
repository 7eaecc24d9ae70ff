/** Reads a page: its blocks of TypeScript, what they should print, and the tests that its promises name. */

export interface Block {
  /** The page, from the root of the repository. */
  readonly page: string;
  /** The line of the page on which the text of the block begins. */
  readonly line: number;
  readonly kind: "run" | "no-run" | "fragment";
  readonly text: string;
  /** What it prints, where a block ```text follows. */
  readonly output: string | undefined;
}

interface Fence {
  readonly info: string;
  readonly text: string;
  /** Lines of the page, from 0: of the opening and of the closing fence. */
  readonly from: number;
  readonly to: number;
}

/** The blocks of TypeScript of a page; a fence with an unknown word behind `ts` throws. */
export function blocksOf(page: string, markdown: string): Block[] {
  const lines = markdown.split("\n");
  const fences = fencesOf(lines);
  return fences.flatMap((fence, index) => {
    const [language, ...words] = fence.info.split(/\s+/);
    if (language !== "ts" && language !== "typescript") return [];
    const output = outputOf(lines, fence, fences[index + 1]);
    const kind = kindOf(words.join(" "), `${page}:${fence.from + 1}`);
    return [{ page, line: fence.from + 2, kind, text: fence.text, output }];
  });
}

function kindOf(words: string, where: string): Block["kind"] {
  if (words === "") return "run";
  if (words === "no-run" || words === "fragment") return words;
  throw new Error(`${where}: a block is ts, ts no-run or ts fragment, not ts ${words}`);
}

function fencesOf(lines: readonly string[]): Fence[] {
  const fences: Fence[] = [];
  let open: { from: number; mark: string; info: string } | undefined;
  lines.forEach((line, index) => {
    const [, mark = "", info = ""] = /^\s*(`{3,})\s*(.*)$/.exec(line) ?? [];
    if (open === undefined && mark !== "") open = { from: index, mark, info: info.trim() };
    else if (open !== undefined && mark.length >= open.mark.length && info === "") {
      fences.push({ ...open, text: lines.slice(open.from + 1, index).join("\n"), to: index });
      open = undefined;
    }
  });
  if (open !== undefined) throw new Error(`the fence in line ${open.from + 1} is never closed`);
  return fences;
}

/** The block ```text behind a block of code is its output, if no more than one line of words is between them. */
function outputOf(lines: readonly string[], fence: Fence, next: Fence | undefined): string | undefined {
  if (next?.info !== "text") return undefined;
  const between = lines.slice(fence.to + 1, next.from).filter((line) => line.trim() !== "");
  return between.length <= 1 ? next.text : undefined;
}

/** The names in `<!-- test: the exact name -->`. */
export function promisesOf(markdown: string): string[] {
  return [...markdown.matchAll(/<!--\s*test:\s*(.+?)\s*-->/gs)].map((match) =>
    match[1]!.replaceAll(/\s+/g, " "),
  );
}

/** Whether a program printed what the page shows; `…` in the page stands for anything. */
export function prints(shown: string, printed: string): boolean {
  const tidy = (text: string): string => text.trim().replaceAll(/[ \t]+$/gm, "");
  const pattern = tidy(shown).split("…").map(escaped).join("[^]*?");
  return new RegExp(`^${pattern}$`).test(tidy(printed));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
