/** The container of an application that has none: what was provided, and classes whose constructor takes nothing. */
import { SignalboxError } from "../errors.js";
import { constructorOf, type AnyClass } from "./constructor-of.js";
import type { Container, Scope, Token } from "./container.js";
import { disposeAll } from "./dispose.js";
import { pathOf, tokenName } from "./path.js";

/**
 * Makes classes without constructor parameters with `new`, once per container and once per scope; what was provided
 * wins. Anything else throws `SIGNALBOX_UNRESOLVED`, and says how to mend it.
 */
export function plain(): Container {
  return new Plain(undefined);
}

class Plain implements Container, Scope {
  readonly #parent: Plain | undefined;
  readonly #provided = new Map<Token, unknown>();
  readonly #made = new Map<Token, unknown>();
  readonly #making: Token[] = []; // a constructor may resolve in turn: this finds the circle

  constructor(parent: Plain | undefined) {
    this.#parent = parent;
  }

  resolve(token: Token): unknown {
    const holder = this.#holderOf(token);
    if (holder !== undefined) return holder.#provided.get(token);
    if (this.#made.has(token)) return this.#made.get(token);
    const [fault] = this.check(token, this.#making);
    if (fault !== undefined) throw new SignalboxError("SIGNALBOX_UNRESOLVED", fault);
    return this.#make(token);
  }

  provide(token: Token, value: unknown): void {
    this.#provided.set(token, value);
  }

  createScope(): Scope {
    return new Plain(this);
  }

  check(token: Token, path: readonly Token[] = [], given: readonly Token[] = []): readonly string[] {
    if (given.includes(token) || this.#holderOf(token) !== undefined) return [];
    const says = path.includes(token) ? CIRCLE : faultOf(token, path.length > 0);
    return says === undefined ? [] : [`${pathOf([...path, token])}: ${says}`];
  }

  dispose(): Promise<void> {
    const made = [...this.#made.values()];
    this.#made.clear();
    return disposeAll(made);
  }

  #holderOf(token: Token): Plain | undefined {
    if (this.#provided.has(token)) return this;
    return this.#parent === undefined ? undefined : this.#parent.#holderOf(token);
  }

  #make(token: Token): unknown {
    this.#making.push(token);
    try {
      const made: unknown = Reflect.construct(token as new () => unknown, []);
      this.#made.set(token, made);
      return made;
    } finally {
      this.#making.pop();
    }
  }
}

const CIRCLE =
  "this is a circle, so none of them can be made first. Let one of them ask for the other later.";

function faultOf(token: Token, isDependency: boolean): string | undefined {
  if (typeof token !== "function") {
    const call = `container.provide(${typeof token === "string" ? tokenName(token) : "…"}, value)`;
    return `nothing is provided under it. Call ${call} on the container before bus.start().`;
  }
  const takes = constructorOf(token as AnyClass).length;
  if (takes === 0) return undefined;
  const [parameters, them] =
    takes === 1 ? ["a constructor parameter", "it"] : [`${takes} constructor parameters`, "them"];
  const mend = isDependency
    ? `Call container.provide(${token.name}, value) on a container of plain() before bus.start()`
    : "Name the tokens with @Subscriber({ inject: […] })";
  return (
    `it has ${parameters} and there is no container to fill ${them}. ${mend}, or give createBus a container, ` +
    `such as tsyringe() of "signalbox/tsyringe".`
  );
}
