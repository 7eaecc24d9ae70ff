/** The container port: how the bus gets its subscribers from whatever makes the application's objects. */

/** A token of a container: a class, or a name. */
// oxlint-disable-next-line no-explicit-any -- parameters are contravariant: only `any` takes every class
export type Token<T = any> = (abstract new (...args: any[]) => T) | string | symbol;

/** The application's container, as the bus sees it. */
export interface Container {
  /** Gives the instance for a token, or throws; the message should name the path of tokens, `A → B → "db"`. */
  resolve(token: Token): unknown;
  /** Makes a value known under a token, before or after others asked for it; the latest wins. The bus offers itself so. */
  provide(token: Token, value: unknown): void;
  /** Opens a scope for one attempt at a delivery; without it `scope: "delivery"` is a fault at `start()`. */
  createScope?(): Scope;
  /**
   * Says what `resolve` would fail on, one sentence each, without making anything; an empty list promises nothing.
   * `path` is what led to the token, `given` are tokens that a scope will provide. Optional: with it, several faults
   * of one subscriber and those of `scope: "delivery"` are known at `start()`.
   */
  check?(token: Token, path?: readonly Token[], given?: readonly Token[]): readonly string[];
}

/** What is made for one attempt at a delivery, and disposed after it. */
export interface Scope {
  /** Like the container's; may answer a promise (Nest's request scope). */
  resolve(token: Token): unknown;
  /** Makes a value known in this scope only. */
  provide(token: Token, value: unknown): void;
  /** Disposes what this scope made, and only that. */
  dispose(): void | Promise<void>;
}
