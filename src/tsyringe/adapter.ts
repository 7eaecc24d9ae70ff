/** A tsyringe container as the bus's container. */
import { container as rootContainer, type DependencyContainer, type InjectionToken } from "tsyringe";
import type { Container, Scope, Token } from "../container/container.js";
import { SignalboxError, toError } from "../errors.js";
import { survey } from "./survey.js";

/**
 * Resolves subscribers from `container`, which defaults to tsyringe's global one. Subscribers need no `@injectable()`.
 * What `provide` gives is registered in this container: give each of several buses its own child container.
 * A delivery's scope is a child container; singletons stay with the container that owns them. Faults are
 * `SIGNALBOX_UNRESOLVED`, all of a class at once, each with its path of tokens.
 */
export function tsyringe(container: DependencyContainer = rootContainer): Container {
  const surveyed = new Set<Token>();
  return {
    ...resolverOf(container, surveyed),
    createScope: () => scopeOf(container, surveyed),
    check: (token, path = [], given = []) => survey(container, token, path, given).faults,
  };
}

function scopeOf(container: DependencyContainer, surveyed: Set<Token>): Scope {
  const child = container.createChildContainer();
  return { ...resolverOf(child, surveyed), dispose: () => child.dispose() };
}

function resolverOf(
  container: DependencyContainer,
  surveyed: Set<Token>,
): Pick<Scope, "resolve" | "provide"> {
  return {
    resolve(token) {
      if (!surveyed.has(token)) prepare(container, token);
      surveyed.add(token); // once is enough: this runs for every delivery with a scope
      return resolveIn(container, token as InjectionToken);
    },
    provide: (token, value) => void container.registerInstance(token as InjectionToken, value),
  };
}

function prepare(container: DependencyContainer, token: Token): void {
  const { faults, singletons } = survey(container, token, [], []);
  if (faults.length > 0) throw new SignalboxError("SIGNALBOX_UNRESOLVED", faults.join("\n"));
  // A child that makes a singleton first would dispose it with itself, for everybody: its owner makes it before.
  for (const [singleton, owner] of singletons) if (owner !== container) owner.resolve(singleton);
}

function resolveIn(container: DependencyContainer, token: InjectionToken): unknown {
  try {
    return container.resolve(token);
  } catch (error) {
    if (container.constructor === rootContainer.constructor) throw error;
    const says =
      "This container is of another copy of tsyringe, which does not see what signalbox/tsyringe knows.";
    const does =
      "Import container, inject and injectable from signalbox/tsyringe, or let npm dedupe tsyringe.";
    throw new SignalboxError("SIGNALBOX_UNRESOLVED", `${toError(error).message} ${says} ${does}`, {
      cause: error,
    });
  }
}
