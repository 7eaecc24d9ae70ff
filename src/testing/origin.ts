/** Where an event was published: the line of code, and the delivery around it. */
import type { AnyEvent } from "../index.js";
import { currentFrame, type Frame } from "../runtime/context.js";

export interface Origin {
  /** The subscription whose delivery published it. */
  readonly by: string | undefined;
  /** Its stack is the publisher's; written out when somebody looks. Of the first thousand events only. */
  readonly stack: Error | undefined;
}

/* A test that looks for a stack has not published more. */
const STACKS_MAX = 1_000;

/** The subscription in whose delivery this code runs. */
export function subscriptionHere(): string | undefined {
  let frame: (Frame & { readonly subscription?: unknown }) | undefined = currentFrame();
  while (frame !== undefined && typeof frame.subscription !== "string") frame = frame.outer;
  return frame?.subscription as string | undefined;
}

/** The publishers' places, by event. */
export class Origins {
  readonly #origins = new WeakMap<AnyEvent, Origin>();
  #count = 0;

  note(event: AnyEvent, by: string | undefined): void {
    const stack = this.#count++ < STACKS_MAX ? new Error("published here") : undefined;
    this.#origins.set(event, { by, stack });
  }

  of(event: AnyEvent): Origin | undefined {
    return this.#origins.get(event);
  }

  /** The line of code that published it, `file:line:column`. */
  placeOf(event: AnyEvent): string | undefined {
    const lines = this.of(event)?.stack?.stack?.split("\n").slice(1) ?? [];
    const line = lines.find((each) => !each.includes(HERE) && !each.includes("node:internal"));
    return line === undefined ? undefined : /\(?([^\s(]+:\d+:\d+)\)?$/.exec(line)?.[1];
  }
}

const HERE = new URL(".", import.meta.url).pathname;
