/** Nest's ModuleRef as the bus's container: about 20 lines that an application can copy. */
import { Scope as Lifetime, type Type } from "@nestjs/common";
import { ContextIdFactory, type ModuleRef } from "@nestjs/core";
import type { Container, Scope, Token } from "../../../src/container/container.js";

/** A compiled module takes no more providers, so what is provided is kept beside it, for `inject: […]`. */
export function nest(moduleRef: ModuleRef): Container {
  const provided = new Map<Token, unknown>();
  return {
    resolve: (token) =>
      provided.has(token) ? provided.get(token) : moduleRef.get(token as Type, { strict: false }),
    provide: (token, value) => void provided.set(token, value),
    createScope: () => scopeOf(moduleRef, new Map(provided)),
  };
}

function scopeOf(moduleRef: ModuleRef, provided: Map<Token, unknown>): Scope {
  const context = ContextIdFactory.create();
  const made = new Set<{ dispose?(): unknown }>();
  return {
    async resolve(token) {
      if (provided.has(token)) return provided.get(token);
      const value: { dispose?(): unknown } = await moduleRef.resolve(token as Type, context, {
        strict: false,
      });
      if (moduleRef.introspect(token as Type).scope !== Lifetime.DEFAULT) made.add(value);
      return value;
    },
    provide: (token, value) => void provided.set(token, value),
    // Nest has no end for what a request made; a class that has one is ended here.
    dispose: async () => void (await Promise.all([...made].map((each) => each.dispose?.()))),
  };
}
