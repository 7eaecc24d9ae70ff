/** The causal story as text: who published what, who got it, what became of it. */
import { definitionOf } from "../event/definition.js";
import type { AnyEvent } from "../index.js";
import { isFailure, type PublishedEvent, type Story, type Turn } from "./story.js";

export interface TreeFacts {
  readonly story: Story;
  /** The names of the subscriptions that an event was routed to, in order. */
  readonly routedTo: (eventId: string) => readonly string[];
  /** Whether the data of the events are shown; they may hold what differs from run to run. */
  readonly hasData: boolean;
}

const DATA_MAX = 120;

/**
 * All events as a tree: below each its deliveries, below those what was published inside them. Ids are numbers in the
 * order of the tree, times are those of the bus's clock since the event was published: the same in every run.
 */
export function treeText(facts: TreeFacts): string {
  const known = new Set(facts.story.published.map((each) => each.id));
  const roots = facts.story.published.filter(({ cause }) => cause === undefined || !known.has(cause));
  const lines: string[] = [];
  const numbers = new Map<string, number>();
  const children = childrenOf(facts.story);
  for (const root of roots) writeEvent(root, 0, { facts, lines, numbers, children });
  return lines.length === 0 ? "nothing was published" : lines.join("\n");
}

interface Writing {
  readonly facts: TreeFacts;
  readonly lines: string[];
  readonly numbers: Map<string, number>;
  readonly children: ReadonlyMap<string, readonly PublishedEvent[]>;
}

function childrenOf({ published }: Story): ReadonlyMap<string, readonly PublishedEvent[]> {
  const children = new Map<string, PublishedEvent[]>();
  for (const each of published) {
    if (each.cause === undefined) continue;
    const siblings = children.get(each.cause);
    if (siblings === undefined) children.set(each.cause, [each]);
    else siblings.push(each);
  }
  return children;
}

function writeEvent(published: PublishedEvent, depth: number, writing: Writing): void {
  const { facts, lines, numbers, children } = writing;
  numbers.set(published.id, numbers.size + 1);
  const turns = facts.story.turns.filter(({ eventId }) => eventId === published.id);
  const subscriptions = [
    ...new Set([...facts.routedTo(published.id), ...turns.map((each) => each.subscription)]),
  ];
  const own = children.get(published.id) ?? [];
  const data = facts.hasData ? ` ${dataText(published.event)}` : "";
  const nobody = subscriptions.length === 0 ? ": nobody" : "";
  lines.push(`${"  ".repeat(depth)}${published.name} #${numbers.size}${data}${nobody}`);
  for (const subscription of subscriptions) {
    const story = turns.filter((each) => each.subscription === subscription);
    lines.push(`${"  ".repeat(depth + 1)}${subscription}: ${storyOf(story, published.at)}`);
    for (const child of own) if (child.by === subscription) writeEvent(child, depth + 2, writing);
  }
  for (const child of own)
    if (child.by === undefined || !subscriptions.includes(child.by)) writeEvent(child, depth + 1, writing);
}

function storyOf(turns: readonly Turn[], since: number): string {
  if (turns.length === 0) return "not ended";
  return turns.map((turn) => turnText(turn, turn.at - since)).join(", ");
}

function turnText(turn: Turn, after: number): string {
  const { kind, reason, error } = turn;
  const when = after === 0 ? "" : `after ${spanText(after)} `;
  const why = isFailure(turn) && error !== undefined ? errorText(error) : reason;
  return `${when}${WORDS[kind]}${why === undefined || WITHOUT_WHY.has(kind) ? "" : ` (${why})`}`;
}

const WORDS: Readonly<Record<Turn["kind"], string>> = {
  handled: "handled",
  failed: "failed",
  muted: "muted",
  retried: "retried",
  deadLettered: "dead-lettered",
  dropped: "dropped",
  deduplicated: "deduplicated",
  filtered: "filtered",
  expired: "expired",
  abandoned: "abandoned",
};
const WITHOUT_WHY: ReadonlySet<string> = new Set(["filtered", "deduplicated"]);

/** An error by its name and the first line of its message. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name}: ${error.message.split("\n")[0]}`;
}

/** Milliseconds in words: `250 ms`, `1.5 s`. */
export function spanText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

/** The data of an event, cut. */
export function dataText(event: AnyEvent): string {
  const text = jsonText(event);
  return text.length > DATA_MAX ? `${text.slice(0, DATA_MAX)}…` : text;
}

function jsonText(event: AnyEvent): string {
  try {
    return JSON.stringify(event);
  } catch {
    return `(data of ${definitionOf(event).name} that JSON does not have)`;
  }
}
