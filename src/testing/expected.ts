/** What a test expects of data: any part of it, asymmetric matchers, schemas. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { DataOf } from "../index.js";

/** Any part of an event's data; asymmetric matchers such as `expect.any(String)`, typed `any`, fit everywhere. */
export type Expected<E> = E extends unknown ? Part<DataOf<E>> : never;

export type Part<T> = T extends (...parameters: never[]) => unknown
  ? T
  : T extends readonly (infer I)[]
    ? readonly Part<I>[]
    : T extends Date
      ? T
      : T extends object
        ? { readonly [K in keyof T]?: Part<T[K]> }
        : T;

/** Data as a matcher takes them: a part, or a schema that accepts the event. */
export type ExpectedData<E> = Expected<E> | StandardSchemaV1;

/** Whether a value is as expected: of objects only the expected keys are looked at, lists have the same length. */
export function isAsExpected(actual: unknown, expected: unknown): boolean {
  if (isAsymmetric(expected)) return expected.asymmetricMatch(actual);
  if (isSchema(expected)) return isAccepted(expected, actual);
  if (typeof expected !== "object" || expected === null) return Object.is(actual, expected);
  if (typeof actual !== "object" || actual === null) return false;
  if (expected instanceof Date) return actual instanceof Date && Number(actual) === Number(expected);
  if (Array.isArray(expected) && (!Array.isArray(actual) || actual.length !== expected.length)) return false;
  return Object.entries(expected).every(([key, each]) =>
    isAsExpected((actual as Readonly<Record<string, unknown>>)[key], each),
  );
}

interface Asymmetric {
  asymmetricMatch(actual: unknown): boolean;
}

function isAsymmetric(value: unknown): value is Asymmetric {
  return typeof (value as Partial<Asymmetric> | null | undefined)?.asymmetricMatch === "function";
}

/* Some schemas are functions. */
function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return "~standard" in value;
}

function isAccepted(schema: StandardSchemaV1, actual: unknown): boolean {
  const answer = schema["~standard"].validate(actual);
  if (answer instanceof Promise) {
    answer.catch(() => undefined);
    throw new TypeError("Expected a schema that answers at once, got one that answers a promise.");
  }
  return answer.issues === undefined;
}

/** The expectation in words. */
export function shownExpectation(expected: unknown): string {
  if (isSchema(expected)) return "what the schema accepts";
  return JSON.stringify(expected, (_key, each: unknown) =>
    isAsymmetric(each) || isSchema(each) ? wordsOf(each) : each,
  );
}

function wordsOf(expected: object): string {
  if (isSchema(expected)) return "(what the schema accepts)";
  const { toAsymmetricMatcher } = expected as { toAsymmetricMatcher?: () => string };
  return toAsymmetricMatcher === undefined ? "(a matcher)" : toAsymmetricMatcher.call(expected);
}
