// What became of the mutants, from Stryker's report: a table, a score, and each one that no test noticed.

/* Stryker's other states are no fault planted: ignored, or a program that could not even be loaded. */
const KILLED = ["Killed", "Timeout"];
const ALIVE = ["Survived", "NoCoverage"];

/** Killed in percent of all; 100 where there was nothing to plant. */
export function scoreOf(report, files) {
  return percent(mutantsOf(report, files));
}

/** One line per file, per folder and for all. */
export function table(report, files) {
  const folders = [...new Set(files.map(folderOf))];
  const rows = folders.flatMap((folder) => {
    const inside = files.filter((file) => folderOf(file) === folder);
    return [...inside.map((file) => row(file, report, [file])), row(folder, report, inside), []];
  });
  const head = ["", "mutants", "killed", "timeout", "survived", "no test", "score"];
  return format([head, ...rows, row("all", report, files)]);
}

/** `src/lane/ring.ts:12:3 EqualityOperator: a < b → a <= b`, in the order of the files. */
export function survivorsOf(report, files) {
  return files.flatMap((file) => {
    const { source = "", mutants = [] } = report.files[file] ?? {};
    return mutants
      .filter(({ status }) => ALIVE.includes(status))
      .toSorted((a, b) => a.location.start.line - b.location.start.line)
      .map((mutant) => {
        const { line, column } = mutant.location.start;
        const planted = oneLine(mutant.replacement ?? "");
        return `${file}:${line}:${column} ${mutant.mutatorName}: ${oneLine(cut(source, mutant.location))} → ${planted}`;
      });
  });
}

function row(name, report, files) {
  const mutants = mutantsOf(report, files);
  const count = (state) => mutants.filter(({ status }) => status === state).length;
  const counts = [...KILLED, ...ALIVE].map(count);
  return [name, mutants.length, ...counts, percent(mutants).toFixed(2)];
}

function mutantsOf(report, files) {
  const judged = [...KILLED, ...ALIVE];
  return files
    .flatMap((file) => report.files[file]?.mutants ?? [])
    .filter(({ status }) => judged.includes(status));
}

function percent(mutants) {
  const killed = mutants.filter(({ status }) => KILLED.includes(status)).length;
  return mutants.length === 0 ? 100 : (100 * killed) / mutants.length;
}

function folderOf(file) {
  return file.slice(0, file.lastIndexOf("/"));
}

/* Positions begin at 1, the end is behind the last character. */
function cut(source, { start, end }) {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join("\n");
}

function oneLine(text) {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function format(rows) {
  const width = Math.max(...rows.map(([name = ""]) => name.length));
  return rows
    .map(([name = "", ...cells]) => [name.padEnd(width), ...cells.map((cell) => `${cell}`.padStart(8))])
    .map((cells) => cells.join("  ").trimEnd())
    .join("\n");
}
