/** Finds the fields of an event class and says so, where an engine says that an object is not extensible. */

/** The class that is looked at, and what its constructor gets as `this` meanwhile. */
export let probe: { readonly of: Function; readonly instance: object } | undefined;

// Several classes may extend one base and take turns.
const proven = new WeakSet<Function>();

/**
 * Throws where a class adds a field to its events. The class is constructed once more for that, unless it has a
 * constructor of its own: so nothing but field initialisers can run twice, and those only where the event fails anyway.
 */
export function refuseFields(eventClass: Function, base: Function, instance: object, event: string): void {
  if (proven.has(eventClass)) return;
  if (!hasConstructor(eventClass, base)) construct(eventClass, instance, event);
  proven.add(eventClass);
}

function construct(eventClass: Function, instance: object, event: string): void {
  const refuse = (_: object, field: string | symbol): never => {
    throw new TypeError(
      `Event ${event} has the field \`${String(field)}\`, but events have no state: data, getters, methods and statics only. Make it data or a getter.`,
    );
  };
  probe = { of: eventClass, instance: new Proxy(instance, { defineProperty: refuse, set: refuse }) };
  try {
    Reflect.construct(eventClass, []);
  } finally {
    probe = undefined;
  }
}

// A constructor, other than one that only hands its arguments on, which compilers write around lowered fields.
const WRITTEN = /\bconstructor\s*\((?!(?:\.\.\.\w+)?\)\s*\{\s*super\(\.\.\.\w+\))/;

function hasConstructor(eventClass: Function, base: Function): boolean {
  for (let each = eventClass; each !== base; each = Object.getPrototypeOf(each)) {
    if (WRITTEN.test(Function.prototype.toString.call(each))) return true;
  }
  return false;
}
