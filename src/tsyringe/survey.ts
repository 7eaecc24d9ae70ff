/** Walks what a token needs without making anything: finds every fault with its path, circles too, and the singletons. */
import { delay, type DependencyContainer, type InjectionToken } from "tsyringe";
import type { AnyClass } from "../container/constructor-of.js";
import type { Token } from "../container/container.js";
import { pathOf } from "../container/path.js";
import { markInjectable, parametersOf, type Parameter } from "./parameters.js";
import { registrationsOf, type Registered } from "./registrations.js";

/** What the walk found. */
export interface Survey {
  readonly faults: string[];
  /** Singletons by token, with the container that owns them, the deepest first. */
  readonly singletons: Map<InjectionToken, DependencyContainer>;
}

interface Walk extends Survey {
  readonly container: DependencyContainer;
  readonly given: readonly Token[];
  readonly seen: Set<unknown>;
}

// Nothing of these stands behind a type: the compiler writes them for interfaces, unions and plain values.
const TYPELESS: readonly unknown[] = [undefined, Object, String, Number, Boolean, Array, Function, Promise];
const Delayed = delay(() => Object).constructor; // not exported; what is delayed may be a circle

/** Classes on the way are made known to tsyringe, as `@injectable()` would. */
export function survey(
  container: DependencyContainer,
  token: Token,
  path: readonly Token[],
  given: readonly Token[],
): Survey {
  const walk: Walk = { container, given, faults: [], singletons: new Map(), seen: new Set() };
  visit(walk, token, path, { token, multiple: false, optional: false });
  return walk;
}

function visit(walk: Walk, token: Token, path: readonly Token[], parameter: Parameter): void {
  if (walk.given.includes(token)) return;
  const here = [...path, token];
  if (path.includes(token)) return fault(walk, here, CIRCLE);
  if (walk.seen.has(token)) return;
  walk.seen.add(token);
  const registered = registrationsOf(walk.container, token as InjectionToken);
  if (registered.length === 0) return visitUnregistered(walk, token, here, parameter.optional);
  for (const each of parameter.multiple ? registered : registered.slice(-1))
    visitBehind(walk, token, here, each);
}

function visitUnregistered(walk: Walk, token: Token, here: readonly Token[], optional: boolean): void {
  if (typeof token === "function") return visitClass(walk, token, here);
  if (optional || walk.container.isRegistered(token, true)) return;
  fault(walk, here, "nothing is registered under it. Register it in the container before bus.start().");
}

function visitBehind(walk: Walk, token: Token, here: readonly Token[], registered: Registered): void {
  const { useClass, useToken, singleton, owner } = registered;
  if (useClass === token) visitClass(walk, token as AnyClass, here);
  else if (typeof useClass === "function") visitOtherClass(walk, useClass as AnyClass, here);
  else if (isToken(useToken))
    visit(walk, useToken, here, { token: useToken, multiple: false, optional: false });
  if (singleton) walk.singletons.set(token as InjectionToken, owner);
}

// tsyringe makes it as it stands, also where the class has a registration of its own.
function visitOtherClass(walk: Walk, target: AnyClass, path: readonly Token[]): void {
  const here = [...path, target];
  if (path.includes(target)) fault(walk, here, CIRCLE);
  else visitClass(walk, target, here);
}

function visitClass(walk: Walk, target: AnyClass, here: readonly Token[]): void {
  const parameters = parametersOf(target);
  if (parameters === undefined && here.length === 1) return void walk.faults.push(unknownSubscriber(target));
  if (parameters === undefined) return fault(walk, here, UNKNOWN);
  markInjectable(target);
  for (const [at, parameter] of parameters.entries()) {
    if (isToken(parameter.token) && !TYPELESS.includes(parameter.token)) {
      visit(walk, parameter.token, here, parameter);
    } else if (!(parameter.token instanceof Delayed)) fault(walk, here, typelessAt(at));
  }
}

function fault(walk: Walk, path: readonly Token[], says: string): void {
  walk.faults.push(`${pathOf(path)}: ${says}`);
}

function isToken(value: unknown): value is Token {
  return typeof value === "function" || typeof value === "string" || typeof value === "symbol";
}

const CIRCLE = `this is a circle, so none of them can be made first. Break it with @inject(delay(() => …)) on one side.`;
const UNKNOWN =
  "its constructor has parameters and nothing says what they are. Decorate it with @injectable() and compile it with " +
  "emitDecoratorMetadata, or register it with useFactory.";

function unknownSubscriber(target: AnyClass): string {
  return (
    `${target.name} was defined before reflect-metadata was loaded, or compiled without metadata. Make ` +
    `\`import "signalbox/tsyringe"\` the first import of the program and compile with emitDecoratorMetadata (esbuild ` +
    `and tsx cannot), or name the tokens with \`inject: […]\`.`
  );
}

function typelessAt(at: number): string {
  return (
    `parameter ${at + 1} of its constructor has no class at run time: it is an interface or a plain type, or its ` +
    `file imports this one in a circle. Name its token with @inject("…").`
  );
}
