/** What tsyringe would inject into a class, read from the metadata that its decorators and the compiler wrote. */
import { injectable } from "tsyringe";
import { constructorOf, type AnyClass } from "../container/constructor-of.js";

/** One constructor parameter; its token is `undefined` where nobody knows it. */
export interface Parameter {
  readonly token: unknown;
  /** All registrations of the token, as an array. */
  readonly multiple: boolean;
  /** Absence is fine. */
  readonly optional: boolean;
}

const TYPES = "design:paramtypes";
const TOKENS = "injectionTokens"; // where tsyringe's @inject writes; its type info itself is not exported

/** The parameters in order, or `undefined` if the constructor takes some and nothing at all is known of them. */
export function parametersOf(target: AnyClass): readonly Parameter[] | undefined {
  const decides = constructorOf(target);
  const types = Reflect.getOwnMetadata(TYPES, decides) as readonly unknown[] | undefined;
  const tokens = Reflect.getOwnMetadata(TOKENS, decides) as Record<number, unknown> | undefined;
  if (types === undefined && tokens === undefined) return decides.length === 0 ? [] : undefined;
  const length = Math.max(types?.length ?? 0, decides.length);
  return Array.from({ length }, (_, at) => parameterOf(tokens?.[at] ?? types?.[at]));
}

/** Makes a class known to tsyringe as if it were decorated with `@injectable()`; again does no harm. */
export function markInjectable(target: AnyClass): void {
  const decides = constructorOf(target);
  if (!Reflect.hasOwnMetadata(TYPES, decides) && !Reflect.hasOwnMetadata(TOKENS, decides)) return;
  // The parent first: tsyringe inherits types, and tokens only once the parent's have been written into them.
  for (const each of new Set([decides, target])) injectable()(each as new () => unknown);
}

interface Descriptor {
  readonly token: unknown;
  readonly multiple?: boolean;
  readonly isOptional?: boolean;
}

function parameterOf(info: unknown): Parameter {
  if (typeof info !== "object" || info === null || !("token" in info)) {
    return { token: info, multiple: false, optional: false };
  }
  const { token, multiple = false, isOptional = false } = info as Descriptor;
  return { token, multiple, optional: isOptional };
}
