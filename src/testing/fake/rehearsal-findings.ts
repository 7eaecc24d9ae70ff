/** What a record says about its subscriptions: alone, and beside the record of a calm run. */
import type { Effect, RehearsalRecord, Turn } from "./rehearsal-record.js";
import type { Finding } from "./rehearsal-report.js";

/** From the deliveries that came again after their first had been done. */
export function idempotence({ turns }: RehearsalRecord): { findings: Finding[]; notes: string[] } {
  const findings: Finding[] = [];
  const notes: string[] = [];
  for (const { first, again } of repeated(turns)) {
    const { subscription, event } = first;
    const says = difference(first, again);
    if (says !== undefined) findings.push({ kind: "notIdempotent", subscription, event, says });
    else if (again.effects.some(({ id }) => !first.effects.some((each) => each.id === id)))
      notes.push(
        `${subscription} publishes again when it gets ${event} again, under new ids: whoever gets that must know it by its data.`,
      );
  }
  return { findings, notes };
}

/** From one run: something failed at once that had overtaken others. It may have failed without that, too. */
export function suspectedOrder({ turns }: RehearsalRecord): Finding[] {
  return turns
    .filter(({ deliveries, overtook, outcome }) => deliveries === 1 && overtook.length > 0 && isLost(outcome))
    .map(({ subscription, event, overtook, outcome }) => ({
      kind: "reliesOnOrder",
      subscription,
      event,
      says: `ended as ${outcome} where it came before ${[...new Set(overtook)].join(", ")}, published earlier. Perhaps: rehearse() knows by a run in calm.`,
    }));
}

/** From two calm runs and one in another order: the same event came to something else. What calm runs differ in is left out. */
export function order(calm: readonly RehearsalRecord[], reordered: RehearsalRecord): Finding[] {
  const runs = calm.map(summaries);
  return [...summaries(reordered)].flatMap(([what, { text, turn }]) => {
    const [before, ...others] = runs.map((run) => run.get(what)?.text);
    if (before === undefined || before === text || others.some((each) => each !== before)) return [];
    const { subscription, event } = turn;
    return [
      { kind: "reliesOnOrder", subscription, event, says: `in order it ${before}; in another it ${text}` },
    ];
  });
}

interface Summary {
  readonly turn: Turn;
  readonly text: string;
}

/* By subscription and event; equal events of a subscription are one, with all that they came to. */
function summaries({ turns }: RehearsalRecord): Map<string, Summary> {
  const found = new Map<string, Summary>();
  for (const turn of turns) {
    const what = `${turn.subscription} ${turn.says}`;
    const before = found.get(what);
    const text = [...(before === undefined ? [] : [before.text]), storyOf(turn)].sort().join(" / ");
    found.set(what, { turn, text });
  }
  return found;
}

function storyOf({ outcome, effects }: Turn): string {
  const published = effects.map(({ says }) => says).sort();
  return `ended as ${outcome ?? "nothing yet"}${published.length === 0 ? "" : `, publishing ${published.join(", ")}`}`;
}

/** Names of subscriptions by what has been tried on them. */
export interface Tried {
  readonly redelivered: readonly string[];
  readonly reordered: readonly string[];
  readonly untried: readonly string[];
}

export function tried(records: readonly RehearsalRecord[]): Tried {
  const turns = records.flatMap((record) => record.turns);
  const all = namesOf(turns);
  const redelivered = namesOf(records.flatMap((record) => repeated(record.turns).map(({ first }) => first)));
  const reordered = namesOf(turns.filter(({ overtook }) => overtook.length > 0));
  return { redelivered, reordered, untried: all.filter((name) => !redelivered.includes(name)) };
}

function namesOf(turns: readonly Turn[]): string[] {
  return [...new Set(turns.map(({ subscription }) => subscription))].sort();
}

function repeated(turns: readonly Turn[]): { first: Turn; again: Turn }[] {
  const done = new Map<string, Turn>();
  return turns.flatMap((turn) => {
    const name = `${turn.subscription} ${turn.eventId}`;
    const first = done.get(name);
    if (first !== undefined) return [{ first, again: turn }];
    if (turn.outcome === "done") done.set(name, turn);
    return [];
  });
}

/* To publish less, or to drop, is what an idempotent handler does. */
function difference(first: Turn, again: Turn): string | undefined {
  if (isLost(again.outcome)) return `it was done, and ended as ${again.outcome} when it came again.`;
  const other = again.effects.find(({ says }) => !first.effects.some((each) => each.says === says));
  return other === undefined ? undefined : `when it came again it published what it had not: ${cut(other)}.`;
}

function isLost(outcome: string | undefined): boolean {
  return outcome?.startsWith("deadLetter") === true;
}

function cut({ says }: Effect): string {
  return says.length <= 200 ? says : `${says.slice(0, 200)}…`;
}
