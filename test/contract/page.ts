/** docs/contract.md, from the cases and from what the transports of the house declare. */
import { memory } from "signalbox";
import {
  capabilities,
  type CaseDefinition,
  type CaseGroup,
  type ContractCase,
  contractCases,
  type ContractFeatures,
  musts,
} from "signalbox/testing/contract";

import { features as postgres } from "./postgres-subject.ts";
import { features as sqlite } from "./sqlite-subject.ts";

export function page(): string {
  const proved = [...musts, ...capabilities]
    .flatMap(({ cases }) => cases)
    .filter(({ run }) => run !== undefined);
  return `# The contract of a transport

<!-- Written by \`npm run contract -- --page\`, from the cases of signalbox/testing/contract. -->

What a transport must do is not described but proved: by the ${proved.length} cases of \`signalbox/testing/contract\` that have a proof, on every transport of the house. <!-- test: keeps the contract: M01 round trip --> A case that does not apply to a transport is left out with its reason, never silently. <!-- test: leaves out no case without a reason --> Faults that were planted in transports are found by the case that is about them. <!-- test: %s, in case %s --> [Writing a transport](transports.md) says how to put your own to the proof.

Cases go through a bus around the transport, where the port by itself is not the point. Ids are compared as sets, so that a failure names what is missing, what came twice and what nobody wrote; after everything has arrived, a case listens on for a second. A run in which no fault is planted must log nothing above \`info\`. <!-- test: fails a calm case that logs a warning --> A case that does not end is stopped, and says what it waits for. <!-- test: stops a case that does not end, and says what is missing -->

## What every transport proves

${musts.map(sectionOf).join("\n\n")}

## What a transport proves where it declares it

${capabilities.map(sectionOf).join("\n\n")}

## What the transports of the house prove

${whoProves()}
`;
}

function sectionOf({ title, about, cases }: CaseGroup): string {
  return `### ${title}\n\n${about}\n\n${cases.map(itemOf).join("\n")}`;
}

function itemOf({ id, name, about, run, needs }: CaseDefinition): string {
  const isListed = run === undefined && id !== "M60";
  const kept = isListed
    ? needs === undefined
      ? " No proof yet."
      : " No proof yet, for those that it applies to."
    : "";
  return `- **${id} ${name}.** ${about}${kept}`;
}

/* PostgreSQL as it is where a server can be killed. */
const HOUSE: readonly (readonly [name: string, features: ContractFeatures])[] = [
  ["memory", { ...memory().features, time: "virtual" }],
  ["SQLite", sqlite],
  ["PostgreSQL", postgres],
];

function whoProves(): string {
  const columns = HOUSE.map(([name, features]) => contractCases(name, memory, features));
  const counts = HOUSE.map(
    ([name], at) => `${name} ${columns[at]!.filter(({ reason }) => reason === undefined).length}`,
  );
  const rows = columns[0]!.map((_, row) => columns.map((cases) => cases[row]!)).filter(isAnywhereLeftOut);
  const reasons = [...new Set(rows.flat().flatMap(({ reason }) => reason ?? []))];
  const cell = ({ reason }: ContractCase): string =>
    reason === undefined ? "yes" : String(reasons.indexOf(reason) + 1);
  const lines = tableOf([
    ["case", ...HOUSE.map(([name]) => name)],
    ...rows.map((cases) => [cases[0]!.name, ...cases.map(cell)]),
  ]);
  return `Of the cases ${counts.slice(0, -1).join(", ")} and ${counts.at(-1)} are proved. Those that are not in this table are proved by all three; a number says why a case is left out.

${lines.join("\n")}

${reasons.map((reason, at) => `${at + 1}. ${reason}`).join("\n")}`;
}

/* As Prettier formats it. */
function tableOf(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column]!)));
  const under = widths.map((width) => "-".repeat(width));
  return lines.toSpliced(1, 0, under).map((cells) => `| ${cells.join(" | ")} |`);
}

function isAnywhereLeftOut(cases: readonly ContractCase[]): boolean {
  return cases.some(({ reason }) => reason !== undefined);
}
