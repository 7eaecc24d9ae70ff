/** inversify as the bus's container: about 15 lines that an application can copy. */
import { Container as Inversify, type ServiceIdentifier } from "inversify";
import type { Container, Scope } from "../../../src/container/container.js";

/** `perDelivery` binds what lives for one delivery, in singleton scope: it goes with the child container. */
export function inversify(
  container: Inversify,
  perDelivery: (scope: Inversify) => void = () => {},
): Container {
  return {
    ...portOf(container),
    createScope() {
      const scope = new Inversify({ parent: container });
      perDelivery(scope);
      return { ...portOf(scope), dispose: () => scope.unbindAll() };
    },
  };
}

function portOf(container: Inversify): Pick<Scope, "resolve" | "provide"> {
  return {
    resolve: (token) => container.get(token as ServiceIdentifier, { autobind: true }),
    provide: (token, value) => void container.rebind(token as ServiceIdentifier).toConstantValue(value),
  };
}
