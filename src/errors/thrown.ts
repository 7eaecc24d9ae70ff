/** Whatever was thrown, as an Error that is safe to read. */
import { isNativeError } from "node:util/types";

import { nameErrors, SignalboxError } from "./base.js";

/** Something that is no Error was thrown; `cause` is what it was. */
export class ThrownValueError extends SignalboxError {
  constructor(thrown: unknown) {
    const says = `Not an Error but ${printed(thrown)} was thrown.`;
    super("SIGNALBOX_THROWN_VALUE", `${says} Throw an Error, so that it has a stack.`, { cause: thrown });
  }
}

nameErrors({ ThrownValueError });

/** Gives what was thrown as an Error that is safe to read; never throws, whatever it gets. */
export function toError(thrown: unknown): Error {
  return isReadableError(thrown) ? thrown : new ThrownValueError(thrown);
}

function isReadableError(thrown: unknown): thrown is Error {
  try {
    if (!(isNativeError(thrown) || thrown instanceof Error)) return false;
    void thrown.cause;
    const { stack } = thrown;
    return typeof thrown.message === "string" && typeof thrown.name === "string" && typeof stack !== "object";
  } catch {
    return false;
  }
}

function printed(thrown: unknown): string {
  try {
    return typeof thrown === "string" ? JSON.stringify(thrown.slice(0, 200)) : String(thrown).slice(0, 200);
  } catch {
    return `a value of type ${typeof thrown}`;
  }
}
