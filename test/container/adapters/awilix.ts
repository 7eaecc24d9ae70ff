/** awilix as the bus's container: about 15 lines that an application can copy. */
import { asClass, asValue, type AwilixContainer } from "awilix";
import type { Container, Scope, Token } from "../../../src/container/container.js";

export function awilix(container: AwilixContainer): Container {
  return { ...portOf(container), createScope: () => scopeOf(container.createScope()) };
}

function scopeOf(scope: AwilixContainer): Scope {
  return { ...portOf(scope), dispose: () => scope.dispose() };
}

function portOf(container: AwilixContainer): Pick<Scope, "resolve" | "provide"> {
  return {
    resolve(token) {
      const isNew = typeof token === "function" && !container.hasRegistration(nameOf(token));
      return isNew ? container.build(asClass(token as new () => object)) : container.resolve(nameOf(token));
    },
    provide: (token, value) => void container.register(nameOf(token), asValue(value)),
  };
}

/** awilix knows names only: a class stands under its own, with a small first letter. */
function nameOf(token: Token): string | symbol {
  return typeof token === "function" ? token.name.charAt(0).toLowerCase() + token.name.slice(1) : token;
}
