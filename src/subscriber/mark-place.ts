/** Where a method decorator was put: tells TC39 from legacy by the arguments, and refuses all but methods. */

/** The marked method, and the object that keeps its marks. */
export interface MarkPlace {
  readonly holder: object;
  readonly method: string | symbol;
  readonly isStatic: boolean;
  /** For messages: `OrderMails.sendReceipt`, or `sendReceipt` where the class is not known yet. */
  readonly label: string;
}

/** The part of a decorator context that is used, as wide as JavaScript callers can make it. */
interface Tc39Context {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static?: boolean;
  readonly private?: boolean;
  readonly metadata?: object;
}

/** Reads the arguments of a method decorator; `by` is its name for messages, such as "@On(shop.order.placed)". */
export function placeOf(by: string, [target, key, descriptor]: readonly unknown[]): MarkPlace {
  if (isTc39Context(key)) return tc39Place(by, key);
  if (typeof key !== "string" && typeof key !== "symbol") {
    throw new TypeError(`${by} marks methods, not classes. Put it in front of a method.`);
  }
  return legacyPlace(by, target as object, key, descriptor);
}

/** Whether a value is what TC39 decorators get as their second argument. */
export function isTc39Context(value: unknown): value is Tc39Context {
  return typeof value === "object" && value !== null && "kind" in value && "addInitializer" in value;
}

/** The metadata of the class being defined. */
export function metadataOf(by: string, { metadata }: Tc39Context): object {
  if (typeof metadata === "object" && metadata !== null) return metadata;
  const does =
    "Compile with TypeScript 5.2 or newer, esbuild, swc or babel (2023-11), or use legacy decorators.";
  throw new TypeError(`${by} got no context.metadata: the compiler's TC39 decorators are too old. ${does}`);
}

function tc39Place(by: string, context: Tc39Context): MarkPlace {
  const label = String(context.name);
  if (context.kind === "class")
    throw new TypeError(`${by} marks methods, not classes. Put it in front of a method.`);
  if (context.kind !== "method") throw notAMethod(`${by} on ${label}`, label, context.kind);
  if (context.private === true) {
    throw new TypeError(`${by} on ${label}: the bus calls a handler by name. Write it without #.`);
  }
  return { holder: metadataOf(by, context), method: context.name, isStatic: context.static === true, label };
}

function legacyPlace(by: string, target: object, method: string | symbol, descriptor: unknown): MarkPlace {
  const isStatic = typeof target === "function";
  const owner = isStatic ? target : target.constructor;
  const label = `${owner.name || "anonymous"}.${String(method)}`;
  if (typeof descriptor === "number") {
    throw new TypeError(`${by} on ${label} marks methods, not parameters. Put it in front of the method.`);
  }
  const found = descriptor as PropertyDescriptor | undefined;
  if (typeof found?.value !== "function") {
    throw notAMethod(`${by} on ${label}`, String(method), isAccessor(found) ? "accessor" : "field");
  }
  return { holder: target, method, isStatic, label };
}

function isAccessor(descriptor: PropertyDescriptor | undefined): boolean {
  return descriptor !== undefined && ("get" in descriptor || "set" in descriptor);
}

function notAMethod(where: string, name: string, kind: string): TypeError {
  const does = `Write ${name}(event) { ... }${kind === "field" ? `, not ${name} = (event) => ...` : ""}.`;
  return new TypeError(
    `${where}: handlers are methods, and this is ${kind === "accessor" ? "an" : "a"} ${kind}. ${does}`,
  );
}
