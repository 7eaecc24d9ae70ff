/** What a case claims: each claim holds, or throws what was expected and what was found. */
import { isDeepStrictEqual } from "node:util";

import { show } from "../../runtime/options.js";

/** A transport, or the bus around it, broke its word. */
export class ContractFault extends Error {
  override readonly name = "ContractFault";
}

export function claim(isTrue: boolean, says: string): asserts isTrue {
  if (!isTrue) throw new ContractFault(says);
}

/** Deep, strict equality. */
export function claimSame(found: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new ContractFault(`Expected ${what} to be ${text(expected)}, got ${text(found)}.`);
}

/** That a promise rejects, with an error of this name or code; answers the error. */
export async function claimRefused(promise: Promise<unknown>, by: string, what: string): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return claimError(error, by, what);
}

/** That a call throws at once; answers the error. */
export function claimThrows(call: () => unknown, by: string, what: string): Error {
  try {
    call();
  } catch (error) {
    return claimError(error, by, what);
  }
  throw new ContractFault(`Expected ${what} to throw ${by}, it did not.`);
}

function claimError(error: unknown, by: string, what: string): Error {
  const { name, code } = (error ?? {}) as { name?: string; code?: string };
  if (error instanceof Error && (name === by || code === by)) return error;
  const found = error instanceof Error ? `${error.name}: ${error.message}` : show(error);
  throw new ContractFault(`Expected ${what} to be refused with ${by}, got ${found}.`);
}

const SHOWN_MAX = 600;

function text(value: unknown): string {
  const shown = JSON.stringify(value, (_, each: unknown) => (typeof each === "object" ? each : plain(each)));
  return (shown ?? show(value)).slice(0, SHOWN_MAX);
}

function plain(value: unknown): unknown {
  const isJson = typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
  return isJson ? value : typeof value === "number" ? String(value) : show(value);
}
