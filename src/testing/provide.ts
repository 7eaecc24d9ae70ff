/** Fakes in the place of what the container would give. */
import type { Token } from "../index.js";

/** A token and what stands under it in a test. */
export interface Provided {
  readonly token: Token;
  readonly value: unknown;
}

/**
 * A fake in the place of a token, for `createTestBus({ provide: […] })`: a part of its public members is enough. The
 * container hands it out to whoever asks for the token, the latest of several.
 */
export function provide<T>(
  token: Token<T>,
  value: T extends object ? { readonly [K in keyof T]?: T[K] } : T,
): Provided {
  return Object.freeze({ token, value });
}
