/** Whose constructor parameters a class takes: its own, or those of the parent that it passes everything on to. */

/** Any class, abstract ones too. */
export type AnyClass = abstract new (...args: never[]) => unknown;

const DECLARES = /(?:^|[^.\w$])constructor\s*\(/;
const PASSES_ON = /\bsuper\(\.\.\.arguments\)/;

/**
 * The class in the chain whose constructor decides. `length` alone does not know: a subclass without a constructor has
 * length 0 whatever its parent takes, and calling it without arguments would hand `undefined` to the parent in silence.
 */
export function constructorOf(target: AnyClass): AnyClass {
  const parent: unknown = Object.getPrototypeOf(target);
  if (target.length > 0 || parent === Function.prototype || typeof parent !== "function") return target;
  return declaresConstructor(target) ? target : constructorOf(parent as AnyClass);
}

// Compilers that lower fields write `constructor() { super(...arguments); … }` where the source has none.
function declaresConstructor(target: AnyClass): boolean {
  const source = Function.prototype.toString.call(target);
  return DECLARES.test(source) && !PASSES_ON.test(source);
}
