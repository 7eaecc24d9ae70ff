/** Holds the pages to what they say of failures: every mode once, with tests that are there, and no promise taken back unseen. */
import { describe, expect, test } from "vitest";
import { promises } from "./support/docs-rules.js";
import { promisesOf } from "./support/markdown.js";
import { filesUnder, textOf } from "./support/repository.js";
import { titlesIn } from "./support/test-titles.js";

const IDS = Array.from({ length: 35 }, (_, index) => `F${index + 1}`);

/** What the engine keeps, each with the tests that the pages must name for it. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  "one step decides all routes of a publish": [
    "one full rejecting lane refuses the whole publish: nobody gets it, and nothing of it is counted",
  ],
  "publishes that wait do so in order, so many, so long, and can be given up": [
    "publishes that wait get in first in, first out, and a newcomer overtakes none of them",
    "no more wait than waitingMax, be they of one publish or of many",
    "after waitMax the publish says who took it and who did not",
    "an aborted wait rejects with the signal's reason where nobody took it, and leaves no trace",
    "the same object published again keeps its id and goes only to who refused it, until it has succeeded",
  ],
  "a full lane slows its publishers and nobody else": [
    "a full lane makes its publishers wait, and delays nobody else",
  ],
  "a receipt is what was true": ["a receipt says what was true when publish resolved"],
  "what is published before the start is held": [
    "held before start: resolves at once, is released in order, before whatever comes later",
    "held events are never refused: not by a lane that rejects, not by waitingMax, not by waitMax",
  ],
  "invoke is inline": [
    "runs every subscription now, inline, and resolves to nothing",
    "runs 64 deep and no deeper",
  ],
  "inside a delivery means while it is unsettled": [
    "what is published after its delivery was settled is caused by it and outside of it",
    "publishes as a child, also when `publish` is taken out of it and called from anywhere",
  ],
  "no circle of lanes stops for ever": [
    "a handler that publishes into its own full lane and awaits it ends",
    "ends with nothing lost: what would close it draws on the reserve",
    "fails past the reserve with an error that names the lanes, in the order of waiting",
    "100,000 events through a fast A into a slow B, all defaults: none is lost, B keeps to its capacity",
  ],
  "hops are counted": ["a hundred hops run, the next is a dead letter that names its reason and its chain"],
  "settled and idle wait for what they say": [
    "counts everything that an event caused, exactly",
    "is refused inside a delivery, whatever frame is around the call",
    "does not wait for timers: retries count as idle",
  ],
  "when is asked before a place is taken": [
    "one that is filtered counts as handled, takes no place and is not accepted",
  ],
  "keys keep their order, and take turns": [
    "the order of a key beats priority: a key competes with the priority of its head",
    "a retry keeps its key waiting, and no other",
    "keys take turns: each active key is served within as many turns as there are active keys",
    "the lowest moves under any load: every sixteenth turn is its",
    "sends what comes of it to the dead letters, until it is resumed, in order",
  ],
  "lanes are bounded, and say what they drop": [
    "count a retry against their capacity, and not what runs",
    "dropOldest spares what has started: where nothing else is there, the newcomer goes",
    "dropNewest: the newcomer is dropped and not accepted, others get it",
    "coalesce never replaces what has started, nor events without a key; full, it drops the newcomer",
  ],
  "no handler runs inside publish": ["no handler runs inside publish"],
  "the concurrency is a ceiling that is reached": [
    "the ceiling is never exceeded and always reached, whatever happens meanwhile",
  ],
  "a rate is a rate": [
    "no more start than the rate allows, over all slots of the lane, and all of them start",
  ],
  "the event loop is given back": [
    "two lanes that feed each other leave the event loop to others: so many deliveries run between two turns, and no more",
    "fifty lanes share the budget of one turn",
  ],
  "a handler has the context of its publisher": [
    "the handler runs in the async context of its publisher, whoever drains the lane",
    "of each of 1,000 tenants arrives in its own handlers and in nobody else's",
  ],
  "a breaker pauses and probes": [
    "a breaker stops the lane after failures in a row, probes with one, and goes on",
  ],
  "dedupe is part of admission": [
    "handles an event once within its window, and says who had it already",
    "frees the key after %s: the next may try",
    "lets a replay pass, and what is published after it again wait for the window",
  ],
  "what is no outcome is done": ["is done when it is %s"],
  "a timeout aborts, then waits; the first settlement stands": [
    "fails the attempt when the handler ends, whatever it answers: %s",
    "is announced once the grace is over, and keeps slot and key",
    "is released where that was asked for: the failure counts now, and slot and key are free",
    "ends late as a notice and nothing else",
  ],
  "events have no prototype of their data's making": [
    "refuses data with the own key %s",
    "is refused with the own key %s anywhere in its data",
  ],
  "older versions are brought up, newer ones are dead letters": [
    "the new release reads what the old one sends, under its old name and brought up to date",
    "what the old release does not know yet is a dead letter at once, tried once however often it may be",
  ],
  "closing ends, and names what it leaves": [
    "signals abort at the deadline, with a second of grace; what ends in it counts as drained",
    "a retry that is due before the deadline is waited for, a later one is abandoned at once",
    "a paused lane is abandoned at once, with what stands behind its keys",
    "what still waits at the deadline is abandoned and never starts",
    "a handler that awaits close() does not wait for itself, but for everybody else",
  ],
  "a transaction delivers when it succeeds": [
    "delivers what is published inside when it succeeds, and nothing when it throws",
    "cannot be refused: its places are there, even if the lane fills up meanwhile",
  ],
  "counts add up at every instant": [
    "routed is the sum of all the others at every instant, whatever happens",
  ],
  "a replay goes to the one that failed": [
    "goes to the one subscription that failed, with new attempts and the same id",
    "hides the paths in lists and in their JSON, while a replay delivers the original",
  ],
  "a step calls next once": ["may call next() once per attempt"],
};

/** The sections of the page of failure modes, by the id in their heading. */
function modes(page: string): [id: string, text: string][] {
  const sections = page.matchAll(/^### <a id="f(\d+)"><\/a>(F\1) \S[^]*?(?=^##|(?![^]))/gm);
  return Array.from(sections, ([text, , id]) => [id!, text]);
}

function setup() {
  const knows = titlesIn(filesUnder("test", ".test.ts").map((file) => textOf(file)));
  const pages = filesUnder("docs", ".md").filter(promises);
  const promised = new Set(pages.flatMap((page) => promisesOf(textOf(page))));
  return { knows, promised };
}

describe("the pages about what can go wrong", () => {
  const { knows, promised } = setup();

  test("have every failure mode from F1 to F35 once, each with a test that is there", () => {
    const found = modes(textOf("docs/failure-modes.md"));
    expect(found.map(([id]) => id).toSorted()).toEqual(IDS.toSorted());
    const unproven = found.filter(([, text]) => !promisesOf(text).some(knows));
    expect(unproven.map(([id]) => id)).toEqual([]);
  });

  test.each(Object.entries(KEPT))("promise that %s", (_what, titles) => {
    expect(titles.filter((title) => !promised.has(title))).toEqual([]);
    expect(titles.filter((title) => !knows(title))).toEqual([]);
  });

  test("are read by their headings: a mode without an anchor, or under another's, is none", () => {
    const page =
      '## A\n### <a id="f1"></a>F1 It is\nx <!-- test: a -->\n### F2 No anchor\n### <a id="f3"></a>F4 Odd\n## B\n';
    expect(modes(page)).toEqual([["F1", '### <a id="f1"></a>F1 It is\nx <!-- test: a -->\n']]);
  });
});
