// Rows and targets, for people and for machines.

/** What each target asks, what was measured, and whether it is met; `null` where a row is missing. */
export function judge(workloads, rows) {
  const rowOf = (workload, candidate) =>
    rows.find((row) => row.workload === workload && row.candidate === candidate);
  const ratio = (workload, candidate) => rowOf(workload, candidate)?.ratioToLimit ?? Number.NaN;
  const bytes = (workload, candidate) => rowOf(workload, candidate)?.bytesPerEvent ?? Number.NaN;
  return workloads
    .flatMap(({ targets }) => targets)
    .map(({ name, atMost, atLeast, value: valueOf }) => {
      const measured = valueOf(ratio, bytes);
      const value = Number.isFinite(measured) ? measured : null;
      const isMet = atMost === undefined ? value >= atLeast : value <= atMost;
      const kind = atMost === undefined ? "at least" : "at most";
      return { name, kind, target: atMost ?? atLeast, value, met: value === null ? null : isMet };
    });
}

/** A table of Markdown, so that a run can be pasted into a page. */
export function rowTable(rows) {
  const number = (value, digits) => (value === null ? "" : value.toFixed(digits));
  const lines = rows.map((row) => [
    row.workload,
    row.candidate,
    number(row.nsPerEvent, 0),
    number(row.ratioToLimit, 1),
    number(row.mainThreadNsPerEvent, 0),
    number(row.bytesPerEvent, 0),
  ]);
  const heads = ["workload", "candidate", "ns per event", "× raw loop", "main thread ns", "bytes per event"];
  return table(heads, lines);
}

export function targetTable(targets) {
  const lines = targets.map(({ name, kind, target, value, met }) => [
    name,
    `${kind} ${target}`,
    value === null ? "not measured" : value.toFixed(value < 100 ? 1 : 0),
    met === null ? "" : met ? "yes" : "no",
  ]);
  return table(["target", "asked", "measured", "met"], lines);
}

function table(heads, lines) {
  const widths = heads.map((head, i) => Math.max(head.length, ...lines.map((line) => line[i].length)));
  const row = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [row(heads), row(widths.map((width) => "-".repeat(width))), ...lines.map(row)].join("\n");
}
