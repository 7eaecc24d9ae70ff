/** Seals an event for its way: key, headers, cause and caller, taken at the moment of the publish. */
import type { PublishOptions } from "../delivery/receipt.js";
import { keyOf } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import { headersOf } from "../event/headers.js";
import { Tree } from "../ledger/tree.js";
import { CallerContext } from "../runtime/context.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import { deepFreeze } from "./isolate.js";
import type { Planned } from "./planner.js";
import { Publication, type PublicationFacts } from "./publication.js";

const NONE: readonly string[] = Object.freeze([]);
/* As many names as tell a circle from a chain. */
const CHAIN_MAX = 8;

type Cause = Pick<PublicationFacts, "correlation" | "cause" | "hops" | "chain">;
const NO_CAUSE: Cause = { correlation: undefined, cause: undefined, hops: 0, chain: NONE };

export class Sealer {
  readonly #facilities: Facilities;

  constructor(facilities: Facilities) {
    this.#facilities = facilities;
  }

  /** `from` is the delivery that publishes, in whatever bus; `own` the same where it is of this one. */
  seal(
    event: AnyEvent,
    options: PublishOptions | undefined,
    from: AttemptDelivery | undefined,
    own: AttemptDelivery | undefined,
  ): Planned {
    const { topics, isolate, keepsContext } = this.#facilities;
    const topic = topics.of(event);
    if (isolate === "freeze") deepFreeze(event);
    const publication = new Publication(
      event,
      topic,
      {
        id: options?.id,
        key: keyOf(event, options?.key),
        priority: options?.priority ?? 3,
        headers: this.#headers(options),
        time: this.#facilities.runtime.turn.now(),
        caller: keepsContext ? new CallerContext() : undefined,
        ...causeOf(from),
      },
      this.#facilities,
    );
    return { publication, tree: own?.ticket.tree ?? new Tree(), routes: topic.routes, acceptedBefore: NONE };
  }

  #headers(options: PublishOptions | undefined): PublicationFacts["headers"] {
    return headersOf(this.#facilities.stamp?.(), options?.headers);
  }
}

function causeOf(from: AttemptDelivery | undefined): Cause {
  if (from === undefined) return NO_CAUSE;
  const { id, correlation, hops, chain, name } = from.ticket.publication;
  return { correlation, cause: id, hops: hops + 1, chain: [...chain.slice(1 - CHAIN_MAX), name] };
}
