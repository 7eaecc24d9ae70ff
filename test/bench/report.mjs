// Rows and targets, for people and for machines.

/** What each target asks, what was measured, and whether it is met; `null` where a row is missing. */
export function judge(workloads, rows) {
  const of = (workload, candidate, unit = "nsPerEvent") =>
    rows.find((row) => row.workload === workload && row.candidate === candidate)?.[unit];
  return workloads
    .flatMap(({ targets }) => targets)
    .map(({ name, atMost, atLeast, unit = "×", value: valueOf }) => {
      const measured = valueOf(of);
      const value = Number.isFinite(measured) ? measured : null;
      const isMet = atMost === undefined ? value >= atLeast : value <= atMost;
      const kind = atMost === undefined ? "at least" : "at most";
      return { name, kind, target: atMost ?? atLeast, unit, value, met: value === null ? null : isMet };
    });
}

/** A table of Markdown, as the formatter leaves it. */
export function rowTable({ columns, rows }) {
  const cell = (row, { unit, digits = 0, textOf }) => textOf?.(row) ?? numeral(row[unit], digits);
  const lines = rows.map((row) => [row.candidate, ...columns.map((column) => cell(row, column))]);
  return table(["candidate", ...columns.map(({ head }) => head)], lines);
}

export function targetTable(targets) {
  const lines = targets.map(({ name, kind, target, unit, value, met }) => [
    name,
    `${kind} ${target} ${unit}`,
    value === null ? "not measured" : numeral(value, value < 100 ? 1 : 0),
    met === null ? "" : met ? "yes" : "no",
  ]);
  return table(["target", "asked", "measured", "met"], lines);
}

function numeral(value, digits) {
  if (value === undefined || value === null) return "";
  return value.toFixed(digits === 0 && Math.abs(value) < 10 ? 1 : digits);
}

function table(heads, lines) {
  const widths = heads.map((head, i) => Math.max(head.length, ...lines.map((line) => line[i].length)));
  const row = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [row(heads), row(widths.map((width) => "-".repeat(width))), ...lines.map(row)].join("\n");
}
