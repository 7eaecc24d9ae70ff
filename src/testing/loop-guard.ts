/** Events that cause events without end: cut, and shown as the chain that they are. */
import { nameErrors, SignalboxError } from "../errors/base.js";
import type { PublishedEvent, Story } from "./story.js";

/* So many events may come from one. The engine itself cuts a single chain after 100. */
const TREE_MAX = 10_000;
/* So many may come at all before there is a rest: without async context nobody knows what caused them. */
const UNRESTED_MAX = 100_000;
const SHOWN_MAX = 8;

export class LoopGuard {
  readonly #story: Story;
  readonly #sizes = new Map<string, number>();
  #unrested = 0;
  #fault: Error | undefined;
  #cut: Error | undefined;

  constructor(story: Story) {
    this.#story = story;
  }

  /** Counts an event of a tree, which `correlation` names. */
  told({ id }: PublishedEvent, correlation: string): void {
    const size = (this.#sizes.get(correlation) ?? 0) + 1;
    this.#sizes.set(correlation, size);
    if (size > TREE_MAX) this.found(id, `more than ${TREE_MAX.toLocaleString("en")} events came from one`);
    if (++this.#unrested > UNRESTED_MAX)
      this.found(id, `more than ${UNRESTED_MAX.toLocaleString("en")} events came without a rest`);
  }

  /** Everything had come to an end. */
  rested(): void {
    this.#unrested = 0;
  }

  /** An event is one too many. */
  found(eventId: string, says: string): void {
    if (this.#cut !== undefined) return;
    this.#cut = new Error("A loop of events was cut; bus.idle() says which.");
    this.#fault = new LoopError(this.#story.chainOf(eventId), says);
  }

  /** Throws where what is published now would only make a loop longer. */
  checkPublish(isInside: boolean): void {
    if (this.#cut !== undefined && (isInside || this.#unrested > UNRESTED_MAX)) throw this.#cut;
  }

  /** Throws what was found, once. */
  check(): void {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault !== undefined) throw fault;
  }
}

/** Events cause events without end. */
export class LoopError extends SignalboxError {
  /** The names of the events that led there, the first ahead. */
  readonly chain: readonly string[];
  constructor(chain: readonly string[], says: string) {
    const skipped = chain.length > SHOWN_MAX ? [`… (${chain.length - SHOWN_MAX} more)`] : [];
    const shown = [...chain.slice(0, SHOWN_MAX - 2), ...skipped, ...chain.slice(-2)];
    const text = (chain.length > SHOWN_MAX ? shown : chain).join(" → ");
    super("SIGNALBOX_TEST_LOOP", `A loop of events was cut, ${says}: ${text}. Break the circle.`);
    this.chain = chain;
  }
}

nameErrors({ LoopError });
