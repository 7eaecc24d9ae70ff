/** What `@Subscriber` takes, and what counts as a subscriber: types only. */
import type { Policies } from "../delivery/policies.js";

/** A token of a container: a class, or a name. */
// oxlint-disable-next-line no-explicit-any -- parameters are contravariant: only `any` takes every class
export type InjectToken<T = any> = (abstract new (...args: any[]) => T) | string | symbol;

/** A class with handlers. */
// oxlint-disable-next-line no-explicit-any -- parameters are contravariant: only `any` takes every class
export type SubscriberClass = abstract new (...args: any[]) => object;

/** The policies are the defaults of the class's subscriptions. */
export interface SubscriberOptions<
  T extends readonly InjectToken[] = readonly InjectToken[],
> extends Policies {
  /** Stable across minifiers; the first part of every subscription's name. Defaults to the class's name. */
  name?: string | undefined;
  /** Tokens of the constructor's parameters, where no metadata is emitted. */
  inject?: T | undefined;
  /** One instance for the bus, or one per attempt in a scope of its own. Defaults to `"bus"`. */
  scope?: "bus" | "delivery" | undefined;
}
