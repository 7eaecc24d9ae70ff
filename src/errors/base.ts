/** The base of all errors: a stable code, the facts as fields, and a last sentence that says what to do. */

/** What every error of Signalbox is; `code` is stable across versions, messages are not. */
export class SignalboxError extends Error {
  readonly code: `SIGNALBOX_${string}`;
  constructor(code: `SIGNALBOX_${string}`, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Gives error classes their names. On the prototypes and spelt out: stacks open with it, console.log does not repeat it,
 * minifiers cannot change it.
 */
export function nameErrors(classes: Readonly<Record<string, { readonly prototype: Error }>>): void {
  for (const [name, { prototype }] of Object.entries(classes))
    Object.defineProperty(prototype, "name", { value: name, writable: true, configurable: true });
}

nameErrors({ SignalboxError });
