/** Whether a value can be awaited with any effect: asked before every await of the hot path. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/**
 * The answer of a function that must answer at once; a promise is a `TypeError`, and its rejection is heard, since it
 * would end the process.
 */
export function atOnce<T>(answer: T, option: string): T {
  if (!isThenable(answer)) return answer;
  answer.then(undefined, () => undefined);
  throw new TypeError(
    `Expected \`${option}\` to answer at once, got a promise. Do what takes time in the handler.`,
  );
}
