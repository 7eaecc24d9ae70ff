/** Values that hurt whoever looks at them. Each is made anew, since some of them change when they are looked at. */
/* oxlint-disable no-thenable -- what pretends to be a promise is tried here */
import vm from "node:vm";

const no = (): never => {
  throw new Error("do not touch");
};

const TRAPS = [
  "apply",
  "construct",
  "defineProperty",
  "deleteProperty",
  "get",
  "getOwnPropertyDescriptor",
  "getPrototypeOf",
  "has",
  "isExtensible",
  "ownKeys",
  "preventExtensions",
  "set",
  "setPrototypeOf",
] as const;

/** A proxy that throws whatever is done to it. */
export function untouchable<T extends object>(target: T): T {
  return new Proxy(target, Object.fromEntries(TRAPS.map((trap) => [trap, no])));
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function errorWith(property: "message" | "stack" | "cause" | "name" | "toString"): Error {
  return Object.defineProperty(new Error("x"), property, { get: no });
}

function cyclic(): Error {
  const error = new Error("outer", { cause: new Error("inner") });
  (error.cause as Error).cause = error;
  return error;
}

function fickle(): Error {
  let reads = 0;
  return Object.defineProperty(new Error("x"), "message", { get: () => (++reads > 1 ? no() : "once") });
}

class Stateful extends Error {
  override toString(): string {
    return no();
  }
  [Symbol.toPrimitive](): string {
    return no();
  }
}

/** What handlers and other functions of an application may throw, by name. */
export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  "a symbol": () => Symbol("thrown"),
  "a number": () => Number.NaN,
  "a big integer": () => 10n,
  "an empty text": () => "",
  "a text of a megabyte": () => "x".repeat(1_000_000),
  "half a surrogate pair": () => "\ud800",
  "a function": () => no,
  "an object without a prototype": () => Object.create(null) as unknown,
  "an untouchable object": () => untouchable({}),
  "an untouchable function": () => untouchable(no),
  "an untouchable error": () => untouchable(new Error("x")),
  "a revoked proxy": revoked,
  "an object that cannot become a text": () => ({ toString: no, [Symbol.toPrimitive]: no }),
  "an object that cannot be inspected": () => ({ [Symbol.for("nodejs.util.inspect.custom")]: no }),
  "an error whose message throws": () => errorWith("message"),
  "an error whose stack throws": () => errorWith("stack"),
  "an error whose cause throws": () => errorWith("cause"),
  "an error whose name throws": () => errorWith("name"),
  "an error that cannot become a text": () => new Stateful("x"),
  "an error whose message throws when it is read again": fickle,
  "an error whose message is no text": () => Object.assign(new Error("x"), { message: Symbol("message") }),
  "an error that causes itself": cyclic,
  "an aggregate that contains itself": () => {
    const error = new AggregateError([], "x");
    error.errors.push(error);
    return error;
  },
  "a frozen error": () => Object.freeze(new Error("x")),
  "an error with a message of a megabyte": () => new Error("x".repeat(1_000_000)),
  "an error of another realm": () => vm.runInNewContext("new TypeError('elsewhere')") as unknown,
  "a promise": () => Promise.resolve("thrown"),
  "a thenable that throws": () => ({ then: no }),
  "an object whose `then` throws": () => Object.defineProperty({}, "then", { get: no }),
};

export const HOSTILE_NAMES = Object.keys(HOSTILE);
