/** Seals an event for its way: key, headers, cause and caller, taken at the moment of the publish. */
import type { PublishOptions } from "../delivery/receipt.js";
import { type EventHeaders, keyOf } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import { headersOf } from "../event/headers.js";
import { CallerContext } from "../runtime/context.js";
import { show } from "../runtime/options.js";
import { atOnce } from "../runtime/thenable.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import { deepFreeze } from "./isolate.js";
import { type Cause, NO_CAUSE, Publication } from "./publication.js";
import type { Topic } from "./topics.js";

const NO_HEADERS: EventHeaders = headersOf();
/* As many names as tell a circle from a chain. */
const CHAIN_MAX = 8;

export class Sealer {
  readonly #facilities: Facilities;

  constructor(facilities: Facilities) {
    this.#facilities = facilities;
  }

  /** Seals an event of a topic; `cause` is the delivery that led to it, of whatever bus, final or not. */
  seal(
    event: AnyEvent,
    topic: Topic,
    options: PublishOptions | undefined,
    cause: AttemptDelivery | undefined,
  ): Publication {
    const caller = this.#facilities.keepsContext ? new CallerContext() : undefined;
    return this.#sealed(event, topic, options, { cause, caller });
  }

  /** The same for an event whose handlers run in the caller's context anyway, since they run in its place. */
  sealInline(
    event: AnyEvent,
    topic: Topic,
    options: PublishOptions | undefined,
    cause: AttemptDelivery | undefined,
  ): Publication {
    return this.#sealed(event, topic, options, { cause, caller: undefined });
  }

  #sealed(
    event: AnyEvent,
    topic: Topic,
    options: PublishOptions | undefined,
    { cause, caller }: { cause: AttemptDelivery | undefined; caller: CallerContext | undefined },
  ): Publication {
    const { isolate, runtime } = this.#facilities;
    if (typeof event === "function")
      throw new TypeError(`Expected an event, got its class ${show(event)}. Write \`new\` before it.`);
    if (isolate === "freeze") deepFreeze(event);
    const facts = {
      id: options?.id,
      key: keyOf(event, options?.key),
      priority: options?.priority ?? 3,
      headers: this.#headers(options),
      time: runtime.turn.now(),
      caller,
      from: causeOf(cause),
    };
    return new Publication(event, topic, facts, this.#facilities);
  }

  #headers(options: PublishOptions | undefined): EventHeaders {
    const { stamp } = this.#facilities;
    if (stamp === undefined && options?.headers === undefined) return NO_HEADERS;
    return headersOf(atOnce(stamp?.(), "stamp"), options?.headers);
  }
}

function causeOf(delivery: AttemptDelivery | undefined): Cause {
  if (delivery === undefined) return NO_CAUSE;
  const { id, correlation, hops, chain, name } = delivery.ticket.publication;
  return { correlation, cause: id, hops: hops + 1, chain: [...chain.slice(1 - CHAIN_MAX), name] };
}
