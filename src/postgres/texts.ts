/** Texts that the tables cannot hold as they are. */
import { show } from "../runtime/options.js";
import type { WireEnvelope } from "../transport/transport.js";

/* An entry of an index has 2,704 bytes, with what stands beside the text. */
const TEXT_BYTES_MAX = 2_600;

/** Throws a `TypeError` for an id or a key that the tables cannot hold as it is: it would be another one there. */
export function checkTexts({ id, key }: WireEnvelope): void {
  for (const [name, text] of [
    ["id", id],
    ["key", key],
  ] as const)
    if (text !== undefined && !isStorable(text)) throw new TypeError(notStorable(name, text));
}

function isStorable(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text) && Buffer.byteLength(text) <= TEXT_BYTES_MAX;
}

function notStorable(name: string, text: string): string {
  return `Expected the ${name} of an event to be well-formed Unicode without U+0000, of at most ${TEXT_BYTES_MAX} bytes, got ${show(text)}.`;
}
