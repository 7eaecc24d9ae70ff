/** `isolate: "freeze"`: what an event holds cannot be changed by one subscriber under another's feet. */

/**
 * Freezes plain objects and arrays at any depth, inside those that were frozen before too; class instances keep their
 * state. Does not recurse on the stack.
 */
export function deepFreeze(value: object): void {
  const seen = new Set<object>([value]);
  for (const each of seen) {
    Object.freeze(each);
    for (const inner of Object.values(each) as unknown[]) if (isPlain(inner)) seen.add(inner);
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
