/** Seals an event for its way: key, headers, cause and caller, taken at the moment of the publish. */
import type { PublishOptions } from "../delivery/receipt.js";
import { keyOf } from "../event/envelope.js";
import type { AnyEvent } from "../event/event.js";
import { headersOf } from "../event/headers.js";
import type { Tree } from "../ledger/tree.js";
import { CallerContext } from "../runtime/context.js";
import { toMs } from "../runtime/duration.js";
import { show } from "../runtime/options.js";
import { atOnce } from "../runtime/thenable.js";
import type { AttemptDelivery } from "./attempt.js";
import type { Facilities } from "./facilities.js";
import { deepFreeze } from "./isolate.js";
import { type Cause, NO_CAUSE, type Particulars, plainParticulars, Publication } from "./publication.js";
import type { Follower } from "./follower.js";
import { TaskPublication } from "./task-publication.js";
import type { Topic } from "./topics.js";

/* As many names as tell a circle from a chain. */
const CHAIN_MAX = 8;

/** What an event comes from. */
export interface Descent {
  readonly cause: AttemptDelivery | undefined;
  readonly tree: Tree | undefined;
  /** Whoever follows what becomes of it: of a task, its run. */
  readonly follower?: Follower | undefined;
}

/** What nothing led to and nobody follows: nearly every event, so that none of them pays for an object that says so. */
export const ROOT: Descent = Object.freeze({ cause: undefined, tree: undefined, follower: undefined });

export class Sealer {
  readonly #facilities: Facilities;

  constructor(facilities: Facilities) {
    this.#facilities = facilities;
  }

  /**
   * Seals an event of a topic; `cause` is the delivery that led to it, of whatever bus, final or not. `tree` is the one
   * that it belongs to, undefined where it is the root of one whose deliveries are all placed at once.
   */
  seal(
    event: AnyEvent,
    topic: Topic,
    options: PublishOptions | undefined,
    { cause, tree, follower }: Descent,
  ): Publication {
    const caller = this.#facilities.keepsContext ? new CallerContext() : undefined;
    return this.#sealed(event, topic, options, { cause, tree, follower, caller });
  }

  /** The same for an event whose handlers run in the caller's context anyway, since they run in its place. */
  sealInline(
    event: AnyEvent,
    topic: Topic,
    options: PublishOptions | undefined,
    cause: AttemptDelivery | undefined,
  ): Publication {
    const tree = cause?.bus === this.#facilities.bus ? cause.ticket.tree : undefined;
    return this.#sealed(event, topic, options, { cause, tree, caller: undefined });
  }

  #sealed(
    event: AnyEvent,
    topic: Topic,
    options: PublishOptions | undefined,
    { cause, tree, follower, caller }: Descent & { readonly caller: CallerContext | undefined },
  ): Publication {
    const { isolate, runtime } = this.#facilities;
    if (typeof event === "function")
      throw new TypeError(`Expected an event, got its class ${show(event)}. Write \`new\` before it.`);
    if (isolate === "freeze") deepFreeze(event);
    const moment = runtime.turn.moment();
    const facts = {
      id: options?.id,
      key: keyOf(event, options?.key),
      particulars: this.#particulars(options, cause, moment.wall),
      moment,
      caller,
      tree,
    };
    if (follower === undefined) return new Publication(event, topic.routing, facts);
    return new TaskPublication(event, topic.routing, facts, follower);
  }

  #particulars(
    options: PublishOptions | undefined,
    cause: AttemptDelivery | undefined,
    now: number,
  ): Particulars {
    const { stamp } = this.#facilities;
    const plain = plainParticulars(options?.priority);
    if (cause === undefined && stamp === undefined && (options === undefined || isPlain(options)))
      return plain;
    const headers = headersOf(atOnce(stamp?.(), "stamp"), options?.headers);
    const dueAt = dueAtOf(options?.delay, now);
    const expiresAt = expiresAtOf(options?.expiresIn, dueAt ?? now, inheritedBy(dueAt, cause));
    return { ...plain, headers, from: causeOf(cause, dueAt), dueAt, expiresAt };
  }
}

function isPlain({ headers, delay, expiresIn }: PublishOptions): boolean {
  return headers === undefined && delay === undefined && expiresIn === undefined;
}

/* Undefined where it is due already. */
function dueAtOf(delay: PublishOptions["delay"], now: number): number | undefined {
  if (delay === undefined) return undefined;
  const dueAt = delay instanceof Date ? delay.getTime() : now + toMs(delay, "delay");
  return dueAt > now ? dueAt : undefined;
}

/* What is published later is on its own, and so is what is published when its delivery is final. */
function inheritedBy(dueAt: number | undefined, cause: AttemptDelivery | undefined): number | undefined {
  return dueAt === undefined && cause?.isInside === true ? cause.ticket.publication.expiresAt : undefined;
}

function expiresAtOf(
  expiresIn: PublishOptions["expiresIn"],
  from: number,
  inherited: number | undefined,
): number | undefined {
  if (expiresIn === undefined) return inherited;
  return Math.min(from + toMs(expiresIn, "expiresIn"), inherited ?? Infinity);
}

function causeOf(delivery: AttemptDelivery | undefined, dueAt: number | undefined): Cause {
  if (delivery === undefined) return NO_CAUSE;
  const { id, correlation, hops, chain, name } = delivery.ticket.publication;
  if (dueAt !== undefined) return { correlation, cause: id, hops: 0, chain: NO_CAUSE.chain };
  return { correlation, cause: id, hops: hops + 1, chain: [...chain.slice(1 - CHAIN_MAX), name] };
}
