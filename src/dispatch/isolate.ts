/** `isolate: "freeze"`: what an event holds cannot be changed by one subscriber under another's feet. */

/** Freezes plain objects and arrays at any depth; class instances keep their state. Does not recurse on the stack. */
export function deepFreeze(value: object): void {
  const open: object[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    Object.freeze(next);
    for (const inner of Object.values(next) as unknown[])
      if (isPlain(inner) && !Object.isFrozen(inner)) open.push(inner);
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
