/** What is still running, in words: since when, and where it was published. */
import { nameErrors, SignalboxError } from "../errors/base.js";
import { definitionOf } from "../event/definition.js";
import type { AnyEvent, Lane } from "../index.js";
import { realTime } from "../runtime/event-loop.js";
import type { Working } from "./at-work.js";
import type { Origins } from "./origin.js";
import type { Story } from "./story.js";
import { spanText } from "./tree-text.js";

/** A wait of the testing kit came to nothing, or a test bus was disposed while it worked. */
export class StillRunningError extends SignalboxError {
  /** One sentence for each handler, and for each lane where something waits. */
  readonly running: readonly string[];
  constructor(says: string, running: readonly string[], does: string) {
    const lines = running.map((each) => `  ${each}`);
    super("SIGNALBOX_TEST_STILL_RUNNING", [`${says}:`, ...lines, does].join("\n"));
    this.running = running;
  }
}

nameErrors({ StillRunningError });

export interface RunningFacts {
  readonly story: Story;
  readonly origins: Origins;
  /** The clock of the bus, in milliseconds. */
  readonly now: number;
}

/** One handler: what it is, since when it runs, where its event comes from. */
export function workingText({ delivery, realSince, since }: Working, facts: RunningFacts): string {
  const { subscription, attempt, eventId } = delivery;
  const { name } = definitionOf(delivery.event as AnyEvent);
  const real = spanText(realTime() - realSince);
  const spans = `for ${real} (${spanText(facts.now - since)} of the bus's clock)`;
  return `${subscription} with ${name}, attempt ${attempt}, ${spans}${originText(eventId, facts)}`;
}

function originText(eventId: string, { story, origins }: RunningFacts): string {
  const published = story.byId(eventId);
  if (published === undefined) return "";
  const place = origins.placeOf(published.event);
  const chain = story.chainOf(eventId);
  const by = published.by === undefined ? "" : ` by ${published.by}`;
  const where = place === undefined ? "" : ` at ${place}`;
  const path = chain.length > 1 ? ` (${chain.slice(-6).join(" → ")})` : "";
  return by === "" && where === "" ? path : `, published${by}${where}${path}`;
}

/** One lane: what waits in it; nothing where nothing does. */
export function laneTexts(lanes: Iterable<Lane>): string[] {
  return [...lanes].flatMap(({ name, waiting, waitingPublishes, isPaused }) => {
    const parts = [
      ...(waiting > 0 ? [`${waiting} waiting`] : []),
      ...(waitingPublishes > 0 ? [`${waitingPublishes} waiting to be published`] : []),
      ...(isPaused && waiting > 0 ? ["paused"] : []),
    ];
    return parts.length === 0 ? [] : [`lane ${name}: ${parts.join(", ")}`];
  });
}
