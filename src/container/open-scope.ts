/** Makes a subscriber of `scope: "delivery"` for one attempt, in a scope of its own. */
import { SignalboxError } from "../errors.js";
import { isThenable } from "../runtime/thenable.js";
import type { Container, Scope, Token } from "./container.js";
import { disposeOf } from "./dispose.js";
import { make, type Wanted } from "./make.js";
import { tokenName } from "./path.js";

/** A subscriber that lives for one attempt. */
export interface Opened {
  readonly subscriber: object;
  /** Disposes what the scope made; call it once, when the attempt has ended. */
  dispose(): void | Promise<void>;
}

/**
 * Opens a scope, provides `given` in it and makes the subscriber. Answers a promise only where the scope does, and when
 * something failed: what the scope had made by then is disposed first.
 */
export function openScope(
  container: Container,
  wanted: Wanted,
  given: readonly (readonly [Token, unknown])[] = [],
): Opened | Promise<Opened> {
  const scope = scopeOf(container, wanted);
  try {
    for (const [token, value] of given) scope.provide(token, value);
    const made = make(scope, wanted);
    if (!isThenable(made)) return opened(scope, wanted, made);
    return Promise.resolve(made).then(
      (ready) => opened(scope, wanted, ready),
      (error: unknown) => abandon(scope, error),
    );
  } catch (error) {
    return abandon(scope, error);
  }
}

function scopeOf(container: Container, wanted: Wanted): Scope {
  const scope = container.createScope?.();
  if (scope !== undefined) return scope;
  const says = `${tokenName(wanted.target)} asks for scope: "delivery", and the container has no createScope().`;
  throw new SignalboxError("SIGNALBOX_UNRESOLVED", `${says} Give the container's adapter that method.`);
}

function opened(scope: Scope, wanted: Wanted, made: unknown): Opened {
  const subscriber = made as object;
  // With `inject` the subscriber was made here, so the scope does not know that it has to end too.
  const dispose = wanted.inject === undefined ? () => scope.dispose() : () => endBoth(subscriber, scope);
  return { subscriber, dispose };
}

async function endBoth(subscriber: object, scope: Scope): Promise<void> {
  try {
    await disposeOf(subscriber);
  } finally {
    await scope.dispose();
  }
}

async function abandon(scope: Scope, error: unknown): Promise<never> {
  try {
    await scope.dispose();
  } catch {
    // The failure that led here is the one to tell.
  }
  throw error;
}
