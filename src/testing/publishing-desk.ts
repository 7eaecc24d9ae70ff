/** What a test bus does at every publish, before the bus does: notes the place, sends the event through JSON. */
import { type AnyEvent, type Publish, type PublishOptions, UnhandledEventError } from "../index.js";
import { isEvent } from "../event/definition.js";
import { frozen, throughJson } from "./json-trip.js";
import type { LoopGuard } from "./loop-guard.js";
import { type Origins, subscriptionHere } from "./origin.js";
import type { Story } from "./story.js";

export interface DeskParts {
  readonly story: Story;
  readonly origins: Origins;
  readonly loops: LoopGuard;
  readonly usesJson: boolean;
  readonly freezes: boolean;
  /** Runs before anything of a publish does. */
  readonly onPublish: (events: readonly AnyEvent[]) => void;
}

export class PublishingDesk {
  readonly #parts: DeskParts;
  readonly #copies = new WeakMap<AnyEvent, AnyEvent>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** Publishing for a subscription; without one, for whoever the call runs in. */
  publishOf(publish: Publish, subscription?: string): Publish {
    const atDesk = (given: AnyEvent | readonly AnyEvent[], options?: PublishOptions): ReturnType<Publish> => {
      const events = ([given].flat() as unknown[]).filter(isEvent);
      try {
        this.#accept(events, subscription ?? subscriptionHere());
      } catch (error) {
        return Promise.reject(error as Error);
      }
      const published = publish(given as AnyEvent, options) as Promise<unknown>;
      return published.then(undefined, (error: unknown) =>
        this.#refused(events, error),
      ) as ReturnType<Publish>;
    };
    return atDesk as Publish;
  }

  /** What handlers get in the place of an event: the same for all of them. Throws what `throughJson` throws. */
  handedOut(event: AnyEvent): AnyEvent {
    if (!this.#parts.usesJson) return event;
    const known = this.#copies.get(event);
    if (known !== undefined) return known;
    const copy = this.#parts.freezes ? frozen(throughJson(event)) : throughJson(event);
    this.#copies.set(event, copy);
    return copy;
  }

  /** An event is run inline. */
  invoked(event: AnyEvent): void {
    if (isEvent(event)) this.#accept([event], subscriptionHere());
  }

  #accept(events: readonly AnyEvent[], by: string | undefined): void {
    const { origins, loops, onPublish } = this.#parts;
    onPublish(events);
    loops.checkPublish(by !== undefined);
    for (const event of events) {
      this.handedOut(event);
      origins.note(event, by);
    }
  }

  #refused(events: readonly AnyEvent[], error: unknown): never {
    if (error instanceof UnhandledEventError) this.#parts.story.refused(events, error.event);
    throw error;
  }
}
