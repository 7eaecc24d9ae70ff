/** What a rehearsal has found: as data, and as text by `String()`. */

export interface Finding {
  readonly kind: "notIdempotent" | "reliesOnOrder" | "doesNotSurvive";
  /** The subscription; of `doesNotSurvive` and of a whole scenario undefined. */
  readonly subscription: string | undefined;
  /** The name of the event; undefined where a whole scenario failed. */
  readonly event: string | undefined;
  /** What was seen. */
  readonly says: string;
}

export interface RehearsalReport {
  /** Whether nothing was found. What was not tried was not found either. */
  readonly survives: boolean;
  readonly findings: readonly Finding[];
  /** What need not be a fault, and is worth a look. */
  readonly notes: readonly string[];
  /** Subscriptions that got something again after they had done it. */
  readonly redelivered: readonly string[];
  /** Subscriptions that got something before what was published earlier. */
  readonly reordered: readonly string[];
  /** Subscriptions that got something, but nothing twice. */
  readonly untried: readonly string[];
  toString(): string;
}

const TITLES: Readonly<Record<Finding["kind"], string>> = {
  notIdempotent: "Not idempotent: it must bear to get an event again",
  reliesOnOrder: "Relies on an order that it does not get",
  doesNotSurvive: "Does not survive serialisation",
};

/** Each finding once. */
export function reportOf(facts: Omit<RehearsalReport, "survives">): RehearsalReport {
  const findings = [...new Map(facts.findings.map((each) => [JSON.stringify(each), each])).values()];
  const notes = [...new Set(facts.notes)];
  const report = { ...facts, survives: findings.length === 0, findings, notes };
  return Object.freeze({ ...report, toString: () => textOf(report) });
}

function textOf({ survives, findings, notes, redelivered, reordered, untried }: RehearsalReport): string {
  const sections = (Object.keys(TITLES) as Finding["kind"][]).flatMap((kind) =>
    section(TITLES[kind], findings.filter((each) => each.kind === kind).map(lineOf)),
  );
  return [
    survives ? "Rehearsal: nothing found." : `Rehearsal: ${findings.length} found.`,
    ...sections,
    ...section("Worth a look", notes),
    ...section("Got something again", redelivered),
    ...section("Got something early", reordered),
    ...section("Not tried: got nothing again", untried),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

function lineOf({ subscription, event, says }: Finding): string {
  const about = [subscription, event].filter((each) => each !== undefined).join(", ");
  return about === "" ? says : `${about}: ${says}`;
}
