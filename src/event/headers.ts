/** The headers that travel with an event: merged, checked, frozen, without a prototype. */
import { show } from "../runtime/options.js";
import type { EventHeaders } from "./envelope.js";

// RFC 9110, token: what HTTP, NATS and AMQP all take as the name of a header.
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const RESERVED = new Set(["__proto__", "constructor", "prototype"]);
const NONE: EventHeaders = Object.freeze(Object.create(null) as Record<string, string>);

/** Merges headers, of which later ones win; throws a `TypeError` for what is no header. */
export function headersOf(...layers: readonly (EventHeaders | undefined)[]): EventHeaders {
  let merged: Record<string, string> | undefined;
  for (const layer of layers) {
    if (layer === undefined) continue;
    for (const [name, value] of Object.entries(layer)) {
      const fault = headerFault(name, value);
      if (fault !== undefined) throw new TypeError(fault);
      merged ??= Object.create(null) as Record<string, string>;
      merged[name] = value;
    }
  }
  return merged === undefined ? NONE : Object.freeze(merged);
}

/** What is wrong with a header: a name that no protocol takes, a value that would begin another header. */
function headerFault(name: string, value: unknown): string | undefined {
  if (!NAME.test(name) || RESERVED.has(name)) {
    return `Expected the name of a header to be letters, digits and \`!#$%&'*+.^_|~-\`, got ${show(name)}.`;
  }
  if (typeof value !== "string" || /[\0\r\n]/.test(value)) {
    return `Expected the header \`${name}\` to be a text without line breaks and NUL, got ${show(value)}.`;
  }
  return undefined;
}
