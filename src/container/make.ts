/** Makes one subscriber from a container or a scope, by its class or by the tokens that it names. */
import { isThenable } from "../runtime/thenable.js";
import type { Scope, Token } from "./container.js";

/** A subscriber to be made. */
export interface Wanted {
  readonly target: abstract new (...args: never[]) => object;
  /** Tokens of the constructor, in its order; given, they decide, and the container is not asked for the class. */
  readonly inject: readonly Token[] | undefined;
  /** What faults call a class that has no name. */
  readonly name: string;
  /** Defaults to "bus": made once, at `start()`. */
  readonly scope?: "bus" | "delivery" | undefined;
}

/** The instance, or a promise of it where the source answers with promises. */
export function make(source: Pick<Scope, "resolve">, wanted: Wanted): unknown {
  const { target, inject } = wanted;
  if (inject === undefined) return source.resolve(target);
  const values = inject.map((token) => source.resolve(token));
  // Branching keeps the common, synchronous case free of promises.
  if (!values.some(isThenable)) return Reflect.construct(target as new () => object, values);
  return Promise.all(values).then((ready) => Reflect.construct(target as new () => object, ready));
}
