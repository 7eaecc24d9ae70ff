/** Several deliveries that one call of a handler gets: each comes through its own steps, and goes on with its own outcome. */
import type { Delivery } from "../delivery/delivery.js";
import { isOutcome } from "../delivery/outcome.js";
import type { AnyEvent } from "../event/event.js";
import { show } from "../runtime/options.js";
import { withoutContext } from "../runtime/context.js";

/** What `@OnBatch` marks, with its receiver. */
export type BatchHandler = (events: readonly AnyEvent[], deliveries: readonly Delivery[]) => unknown;

interface Joined {
  readonly delivery: Delivery;
  readonly resolve: (outcome: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Batch {
  #expected: number;
  #handler: BatchHandler | undefined;
  readonly #joined: Joined[] = [];

  constructor(expected: number) {
    this.#expected = expected;
  }

  /** One has come to its handler; resolves to its own outcome when all have, and the handler has ended. */
  join(delivery: Delivery, handler: BatchHandler): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#joined.push({ delivery, resolve, reject });
      this.#handler = handler;
      this.#startIfComplete();
    });
  }

  /** One has ended: where it never came to its handler, nobody waits for it any more. */
  ended(delivery: unknown): void {
    if (this.#joined.some((each) => each.delivery === delivery)) return;
    this.#expected--;
    this.#startIfComplete();
  }

  #startIfComplete(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#joined.length < this.#expected) return;
    this.#handler = undefined;
    void this.#run(handler);
  }

  /* In nobody's async context: it handles events of several publishers. */
  async #run(handler: BatchHandler): Promise<void> {
    const joined = this.#joined;
    const deliveries = joined.map(({ delivery }) => delivery);
    const events = deliveries.map(({ event }) => event as AnyEvent);
    try {
      const outcomeOf = outcomesIn(await withoutContext(() => handler(events, deliveries)), deliveries);
      joined.forEach(({ resolve }, index) => resolve(outcomeOf(index)));
    } catch (error) {
      for (const { reject } of joined) reject(error);
    }
  }
}

/** The outcome of each: of a list its own, of anything else that. */
export function outcomesIn(answer: unknown, deliveries: readonly Delivery[]): (index: number) => unknown {
  if (!Array.isArray(answer)) return () => (isOutcome(answer) ? answer : undefined);
  if (answer.length === deliveries.length) return (index) => answer[index] as unknown;
  const wants = `nothing, or as many outcomes as events (${deliveries.length})`;
  throw new TypeError(
    `Expected the batch handler of ${deliveries[0]!.subscription} to answer ${wants}, got ${answer.length} (${show(answer)}).`,
  );
}
