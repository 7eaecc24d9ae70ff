/** Ends a value that has an end: `Symbol.asyncDispose`, `Symbol.dispose` or a method `dispose`. */

/** Calls the first of the three that the value has; nothing if it has none. */
export function disposeOf(value: unknown): void | Promise<void> {
  if (typeof value !== "object" || value === null) return undefined;
  const end = [Symbol.asyncDispose, Symbol.dispose, "dispose"].map((name) => Reflect.get(value, name));
  const first = end.find((each) => typeof each === "function");
  return first === undefined ? undefined : first.call(value);
}

/** Ends them last made first, one after the other; a failing one does not keep the others, the first failure is thrown. */
export async function disposeAll(values: readonly unknown[]): Promise<void> {
  const failures: unknown[] = [];
  for (const value of values.toReversed()) {
    try {
      await disposeOf(value);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
