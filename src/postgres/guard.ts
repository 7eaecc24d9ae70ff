/** The client of a transaction as its work sees it: not its end, and nothing after that, when somebody else has the connection. */
import type { PooledClient } from "./client.js";

export interface Guarded {
  readonly client: PooledClient;
  /** From now on it takes no queries. */
  readonly close: () => void;
}

export function guarded(client: PooledClient): Guarded {
  let isOver = false;
  const query = (...given: Parameters<PooledClient["query"]>): unknown =>
    isOver ? refused(given.at(-1)) : client.query(...given);
  const own = new Map<PropertyKey, unknown>([
    ["query", query],
    ["release", notYours],
    ["end", notYours],
  ]);
  const get = (target: PooledClient, name: PropertyKey): unknown =>
    own.get(name) ?? Reflect.get(target, name);
  return { client: new Proxy(client, { get }), close: () => void (isOver = true) };
}

/* As pg does: to a function that waits for the answer, or else as a promise. */
function refused(last: unknown): unknown {
  const refusal = Promise.reject(new TypeError(OVER));
  if (typeof last !== "function") return refusal;
  refusal.catch(last as (error: unknown) => void);
  return undefined;
}

function notYours(): never {
  throw new TypeError(NOT_YOURS);
}

const OVER =
  "The client was used after the end of its transaction: that is another's connection by now. Await every query inside the work.";
const NOT_YOURS =
  "The client of a transaction is given back by the bus, at its end. Leave release() and end() to it.";
