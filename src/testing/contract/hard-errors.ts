/** Errors that are hard to keep: those that a careless store, or a careless log, breaks at. */

/** Holds itself. */
export function circular(): Error {
  const error: Error & { self?: Error } = new Error("circular");
  error.self = error;
  return error;
}

/** Throws when its message or stack is read. */
export function unreadable(): Error {
  const error = new Error("unreadable");
  const refuse = (): never => {
    throw new Error("do not look");
  };
  for (const name of ["message", "stack"]) Object.defineProperty(error, name, { get: refuse });
  return error;
}
