/** The client of a transaction that a fake transport began, where a test gave none: it writes down what is called. */

/** A method that was called on a client: `prepare.run` for `client.prepare(…).run(…)`. */
export interface ClientCall {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Takes any call, answers itself, and knows no data. */
export function recordingClient(calls: ClientCall[]): object {
  return memberOf(calls, "");
}

function memberOf(calls: ClientCall[], path: string): object {
  return new Proxy(() => undefined, {
    get: (_, key) => {
      if (typeof key === "symbol" || key === "then") return undefined; // to await it must not call it
      return memberOf(calls, path === "" ? key : `${path}.${key}`);
    },
    apply: (_, __, args: unknown[]) => {
      calls.push(Object.freeze({ method: path, args: Object.freeze(args) }));
      return memberOf(calls, path);
    },
  });
}
